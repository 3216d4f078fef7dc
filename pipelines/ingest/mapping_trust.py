"""Types of identifiers and how far each is trusted. No Spark here."""

STRONG, DEVICE = 3, 1  # a known person; a browser, device or click

TRUST: dict[str, int] = {
    "user_id": STRONG,
    "email_sha256": STRONG,
    "email_md5": STRONG,
    "phone_sha256": STRONG,
    "crm_contact": STRONG,
    "crm_lead": STRONG,
    "crm_opportunity": STRONG,
    "customer_id": STRONG,
    "esp_profile": STRONG,
    "ga_client_id": DEVICE,
    "anonymous_id": DEVICE,
    "network_id": DEVICE,
    "device_id": DEVICE,
    "ad_id": DEVICE,
    "cart_token": DEVICE,
    "hutk": DEVICE,
    "survey_respondent": DEVICE,
}
