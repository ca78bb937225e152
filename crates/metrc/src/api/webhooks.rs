//! Subscriptions, on the host of Metrc Connect. Hardly documented: shapes of answers are not known.

use super::{Bytes, Empty, Private, Text, operations, requests};

requests! {
    /// What [`SUBSCRIBE`] sends.
    Subscription {
        required {
            object_type: Text, "objectType";
            url: Text, "url";
            verb: Text, "verb";
            status: Text, "status";
        }
        optional {
            user_api_key: Option<Private>, "userApiKey";
            tpi_api_key: Option<Private>, "tpiApiKey";
            server_public_key_fingerprint: Option<Text>, "serverPublicKeyFingerprint";
            template: Option<Text>, "template";
            error_response_json_template: Option<Text>, "errorResponseJsonTemplate";
            facility_license_numbers: Option<Text>, "facilityLicenseNumbers";
        }
    }
}

operations! {
    REMOVE = DELETE "/webhooks/v2/{subscriptionId}", () => Empty;
    SUBSCRIPTIONS = GET "/webhooks/v2", () => Bytes;
    DISABLE = PUT "/webhooks/v2/disable/{subscriptionId}", () => Empty;
    ENABLE = PUT "/webhooks/v2/enable/{subscriptionId}", () => Empty;
    SUBSCRIBE = PUT "/webhooks/v2", [Subscription] => Empty;
}
