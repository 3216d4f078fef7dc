"""What columns are called elsewhere: names of our fields, ids and events in other words.

Names are compared without case, accents, blanks and punctuation. Of one field the first name that a
file has wins. English, German, and a little French and Spanish.
"""

from __future__ import annotations

import re
import unicodedata

from expectations.tables.sources import EVENT_TYPES

GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def plain(name: str) -> str:
    """A name as it is compared; of a path its last step counts.

    >>> plain("E-Mail"), plain("Währung"), plain('utm."Source"'), plain("Événement")
    ('email', 'waehrung', 'source', 'evenement')
    """
    last = re.split(r'\.(?=[^."]*$|"[^"]*"$)', name)[-1].lower().translate(GERMAN)
    bare = unicodedata.normalize("NFKD", last)
    return re.sub(r"[^a-z0-9]", "", bare)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIELDS = {
    "event_type": _words(
        "eventtype event eventname type action activity kind ereignis ereignistyp ereignisart "
        "vorgang vorgangsart aktion typ art evenement evento"
    ),
    "occurred_at": _words(
        "occurredat eventtime eventtimestamp timestamp datetime time createdat created date ts at "
        "orderdate processedat submittedat recordeddate completedat createddate startdate "
        "zeitpunkt zeitstempel datumuhrzeit datum erstelltam bestelldatum "
        "horodatage fecha"
    ),
    "order_id": _words(
        "orderid ordernumber orderno order transactionid invoiceid invoicenumber bestellnummer "
        "bestellnr bestellid auftragsnummer auftragsnr auftragsid rechnungsnummer numerocommande "
        "numeropedido"
    ),
    "value": _words(
        "value revenue ordervalue grandtotal totalprice total amount totalamount price umsatz "
        "gesamtbetrag bestellwert bruttobetrag betrag summe brutto nettobetrag netto montant "
        "importe"
    ),
    "currency": _words("currency currencycode waehrung waehrungscode devise moneda"),
    "session_id": _words("sessionid session visitid sitzung sitzungsid sitzungskennung besuchsid"),
    "page_url": _words(
        "pageurl pagelocation url landingpage landingurl landingsite page seite seitenadresse "
        "seitenurl zielseite einstiegsseite"
    ),
    "referrer_url": _words(
        "referrerurl referrer referer pagereferrer referringsite verweis verweisseite "
        "herkunftsseite herkunft"
    ),
    "utm_source": _words("utmsource trafficsource source quelle kampagnenquelle"),
    "utm_medium": _words("utmmedium trafficmedium medium kampagnenmedium"),
    "utm_campaign": _words("utmcampaign campaignname campaign kampagne kampagnenname campagne"),
    "utm_term": _words("utmterm keyword suchbegriff"),
    "utm_content": _words("utmcontent adcontent"),
    "campaign_id": _words("campaignid utmid kampagnenid"),
}
IDS = {
    "email_sha256": _words(
        "email emailaddress mail mailaddress customeremail useremail contactemail emailadresse "
        "mailadresse emailsha256 hashedemail courriel correo"
    ),
    "customer_id": _words("customerid customernumber customer clientnumber kundennummer kundennr "
                          "kundenid kunde"),
    "user_id": _words("userid user uid memberid nutzerid benutzerid nutzer mitgliedsnummer"),
    "crm_contact": _words("contactid crmcontact kontaktid"),
    "crm_lead": _words("leadid crmlead"),
    "ga_client_id": _words("gaclientid userpseudoid"),
    "anonymous_id": _words("anonymousid cookieid cookie visitorid clientid distinctid besucherid "
                           "besucherkennung"),
    "device_id": _words("deviceid geraeteid geraetekennung"),
}  # fmt: skip
KEYS = _words("eventid messageid insertid eventuuid sourceeventid ereignisid ereignisnummer "
              "vorgangsnummer vorgangsid uuid rowid id lfdnr")  # fmt: skip
CLICKS = _words("gclid gbraid wbraid dclid fbclid msclkid ttclid twclid lifatid")
CLICK_NAMES = {"lifatid": "li_fat_id"}
EVENTS = {
    "order": "purchase ordercompleted orderplaced sale transaction checkoutcompleted bestellung "
             "kauf auftrag verkauf achat commande compra pedido",
    "refund": "refunded return orderrefunded retoure rueckgabe erstattung storno stornierung "
              "rueckerstattung remboursement reembolso",
    "page_view": "view visit page pageviewed besuch seitenaufruf seitenansicht aufruf visite "
                 "visita",
    "session_start": "session sessionstarted sitzung sitzungsbeginn",
    "ad_click": "click clicks klick anzeigenklick werbeklick clic",
    "ad_impression": "impression impressions einblendung anzeigeneinblendung",
    "email_sent": "mailsent emailsend newsletterversand mailversand",
    "email_delivered": "delivered maildelivered newsletterzugestellt mailzugestellt zugestellt",
    "email_open": "open opened mailopen emailopened newsletteroeffnung mailoeffnung",
    "email_click": "mailclick emailclicked newsletterklick mailklick emailklick newsletterclick",
    "email_bounce": "bounce bounced hardbounce softbounce mailunzustellbar",
    "email_complaint": "complaint spam spamreport spamcomplaint spambeschwerde",
    "email_unsubscribe": "unsubscribe unsubscribed newsletterabmeldung abmeldung",
    "form_submit": "form formsubmit formsubmitted formular kontaktanfrage anfrage formulaire",
    "lead_created": "lead leadcreated signup registration registered registrierung inscription",
    "subscription_start": "subscribed subscriptionstarted abo aboabschluss abostart abonnement",
    "subscription_cancel": "cancelled canceled churn subscriptioncancelled kuendigung "
                           "abokuendigung",
    "identify": "login signin anmeldung connexion",
    "activity": "call meeting anruf termin",
    "feedback": "survey review nps bewertung umfrage",
    "ticket_opened": "ticket ticketcreated supportanfrage",
}  # fmt: skip
COST, SHOWN = (
    _words("cost costmicros spend kosten"),
    _words("impressions clicks impressionen klicks"),
)
EVENT_OF = {plain(word): word for word in EVENT_TYPES} | {
    alias: word for word, aliases in EVENTS.items() for alias in aliases.split()
}
