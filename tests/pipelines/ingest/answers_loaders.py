"""Tables as Fivetran names them: where each lands, its file, and what becomes of its rows.

The seeds of its packages. No values are expected of them elsewhere, so what is compared is that
every row is read, and as what.
"""

LOADED: dict[str, tuple[str, dict[str, int]]] = {
    "amplitude/event-answers-data.csv": ("fivetran/amplitude_event_data.csv", {"other": 10}),
    "hubspot/contact-answers-.csv": ("fivetran/contact_data.csv", {"identify": 5}),
    "hubspot/contact_form_submission-answers-.csv":
        ("hubspot/contact_form_submission_data.csv", {"form_submit": 5}),
    "hubspot/contact_merge_audit-answers-.csv":
        ("fivetran/contact_merge_audit_data.csv", {"merge": 4}),
    "hubspot/deal-answers-.csv": ("fivetran/deal_data.csv", {"stage_change": 5}),
    "hubspot/email_event-answers-.csv": ("fivetran/email_event_data.csv", {"email_open": 5}),
    "hubspot/ticket-answers-.csv": ("fivetran/ticket_data.csv", {"ticket_opened": 5}),
    "iterable/event-answers-.csv":
        ("fivetran/iterable_event_data.csv", {"consent_change": 2, "other": 4}),
    "klaviyo/event-answers-.csv":
        ("fivetran/klaviyo_event.csv", {"email_delivered": 3, "order": 1}),
    "mailchimp/campaign_recipient_activity-answers-.csv":
        ("fivetran/campaign_recipient_activity.csv", {"email_open": 5}),
    "marketo/activity_click-answers-.csv":
        ("fivetran/marketo_activity_click_email_data.csv", {"email_click": 5}),
    "marketo/activity_delete-answers-.csv":
        ("fivetran/marketo_activity_delete_lead_data.csv", {"record_deleted": 5}),
    "marketo/activity_merge-answers-.csv":
        ("fivetran/marketo_activity_merge_leads_data.csv", {"merge": 5}),
    "marketo/activity_send-answers-.csv":
        ("fivetran/marketo_activity_send_email_data.csv", {"email_sent": 4, "other": 1}),
    "marketo/lead-answers-.csv": ("fivetran/marketo_lead_data.csv", {"lead_created": 5}),
    "mixpanel/event-answers-.csv": ("fivetran/mixpanel_event.csv", {"other": 5}),
    "salesforce/event-answers-.csv": ("fivetran/sf_event_data.csv", {"activity": 3}),
    # deleted deals: their history moves nothing
    "salesforce/opportunity_history-answers-.csv":
        ("fivetran/sf_opportunity_history_data.csv", {"other": 3}),
    "salesforce/task-answers-.csv": ("fivetran/sf_task_data.csv", {"activity": 3}),
    "shopify/transaction-answers-.csv": ("fivetran/shopify_transaction_data.csv", {"other": 3}),
    "stripe/refund-answers-.csv": ("fivetran/stripe_refund_data.csv", {"refund": 3}),
    "zendesk/ticket-answers-.csv": ("fivetran/zendesk_ticket_data.csv", {"ticket_opened": 5}),
}  # fmt: skip
# the person is in another table, or encrypted
NOBODY = ("hubspot/ticket", "hubspot/email_event", "shopify/transaction", "stripe/refund")
LOADED_SPEND: dict[str, tuple[str, dict[str | None, int]]] = {
    "linkedin_ads/answers-.csv":
        ("fivetran/linkedin_ad_analytics_by_campaign_data.csv", {None: 5}),
    # these tables do not name the currency, so without default_currency nothing is booked
    "meta_ads/answers-.csv": ("fivetran/facebook_ads_basic_ad_data.csv", {"bad_currency": 5}),
    "microsoft_ads/answers-.csv":
        ("fivetran/microsoft_ads_campaign_performance_daily_report_data.csv", {None: 5}),
    "tiktok_ads/answers-.csv":
        ("fivetran/tiktok_campaign_report_hourly_data.csv", {"bad_currency": 4}),
}  # fmt: skip
