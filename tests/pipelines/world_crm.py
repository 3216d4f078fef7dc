"""What a small world's CRM tells: leads, contacts, deals and campaign members, by versions."""

from __future__ import annotations

from pipelines.demo.salesforce import stamp, with_case

LENGTH = 5  # days on which anything happens
DAY = 86_400
STAGES = ("Qualification", "Proposal/Price Quote", "Closed Lost", "Closed Won", "Closed Won")


class Crm:
    """The CRM's part of a life: records of which several versions are told."""

    def crm(self, prefix: str, number: int) -> str:
        """A Salesforce id with the label in it."""
        return with_case(f"{prefix}5g0000{self.label}{number:02}")

    def versions(self, most: int) -> list[float]:
        """Instants at which a record was saved; two may be the same."""
        return sorted(self.instant() for _ in range(self.rng.randint(1, most)))

    def row(self, kind: str, created: float, saved: float, **values: str) -> None:
        """A version of a CRM record."""
        times = {"CreatedDate": created, "SystemModstamp": saved}
        deleted = str(self.rng.random() < 0.15).lower()
        stamps = {name: stamp(self.at(at)) for name, at in times.items()}
        self.tell(kind, {"IsDeleted": deleted, **stamps, **values}, saved)

    def lead(self, number: int) -> None:
        saved, rng = self.versions(2), self.rng
        for at in saved:
            more = {"ConvertedContactId": self.crm("003", 0)} if rng.random() < 0.5 else {}
            click = {"gclid__c": "Cj1"} if rng.random() < 0.5 else {}
            email = self.email(rng.randrange(self.people))
            self.row("Lead", saved[0], at, Id=self.crm("00Q", 0), Email=email, **more, **click)

    def contact(self, number: int) -> None:
        saved, rng = self.versions(3), self.rng
        for at in saved:
            email = self.email(rng.randrange(self.people))
            values = {"Id": self.crm("003", number), "Email": email}
            if rng.random() < 0.4:
                values["Web_User_Id__c"] = self.user(rng.randrange(self.people))
            if rng.random() < 0.2:
                values["MasterRecordId"] = self.crm("003", 1 - number)
            self.row("Contact", saved[0], at, **values)

    def deal(self, number: int) -> None:
        saved, rng = self.versions(4), self.rng
        for at in saved:
            stage, contact = rng.choice(STAGES), self.crm("003", rng.randrange(2))
            closes = self.at(rng.randrange(LENGTH) * DAY).date().isoformat()
            self.row(
                "Opportunity", saved[0], at, Id=self.crm("006", 0), StageName=stage,
                Amount=rng.choice(("10.5", "2000")), CurrencyIsoCode="EUR", CloseDate=closes,
                IsWon=str(stage == "Closed Won").lower(), ContactId=contact,
            )  # fmt: skip

    def member(self, number: int) -> None:
        saved, rng = self.versions(2), self.rng
        for at in saved:
            came = rng.random() < 0.7
            date_of = {"FirstRespondedDate": self.at(at).date().isoformat()} if came else {}
            self.row(
                "CampaignMember", saved[0], at, Id=self.crm("00v", 0), ContactId=self.crm("003", 0),
                CampaignId=self.crm("701", 0), Campaign_Name__c="Fair", Status="Attended",
                HasResponded=str(came).lower(), **date_of,
            )  # fmt: skip
