"""Lots and serials, what was taken from them and into what, what left the plant, holds, and rules of items."""

from datetime import date
from decimal import Decimal

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mes.plant.models import CODE, Line, Site, WorkCenter
from mes.production.models import Item, Run, WorkOrder

GTIN = RegexValidator(r"^[0-9]{14}$", "A GTIN has 14 digits: put zeros before a shorter one.")


class Lot(models.Model):
    """A quantity of one item that is told apart from others of it; a serial is a lot of one piece.

    `quantity` is all there ever was (made or received, with its corrections); what is left is `on_hand`.
    """

    class Status(models.TextChoices):
        FREE = "free", _("Free")
        HELD = "held", _("On hold")
        BLOCKED = "blocked", _("Blocked")
        CONSUMED = "consumed", _("Used up")

    number = models.CharField(max_length=60, validators=[CODE])
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="lots")
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    consumed = models.DecimalField(max_digits=14, decimal_places=3, default=Decimal(0))
    shipped = models.DecimalField(max_digits=14, decimal_places=3, default=Decimal(0))
    unit = models.CharField(max_length=16)
    is_serial = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.FREE)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="lots")
    line = models.ForeignKey(
        Line, null=True, on_delete=models.PROTECT, related_name="lots", help_text="That made it; empty: received."
    )
    at_line = models.ForeignKey(
        Line, null=True, on_delete=models.PROTECT, related_name="+", help_text="Where it lies; empty: in the store."
    )
    work_center = models.ForeignKey(WorkCenter, null=True, on_delete=models.PROTECT, related_name="lots")
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.PROTECT, related_name="lots")
    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, related_name="lots")
    supplier = models.CharField(max_length=120, blank=True, default="")
    supplier_lot = models.CharField(max_length=60, blank=True, default="")
    expires_on = models.DateField(null=True, help_text="Last day of use, by the calendar of its site.")
    sscc = models.CharField(max_length=18, null=True, unique=True)  # noqa: DJ001  (unique, and most lots have none)
    at = models.DateTimeField(help_text="When it was made or received.")
    actor = models.CharField(max_length=150)
    key = models.UUIDField(unique=True, help_text="The form's key: a repeat changes nothing.")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["order"], name="lot_of_order"),
            models.Index(fields=["number"], name="lot_number"),
            models.Index(fields=["line", "-at"], name="lot_latest_of_line"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="lot_number_once_per_item"),
            models.CheckConstraint(name="lot_quantity_not_negative", condition=Q(quantity__gte=0)),
            models.CheckConstraint(
                name="lot_not_overdrawn",
                condition=Q(consumed__gte=0, shipped__gte=0, quantity__gte=F("consumed") + F("shipped")),
            ),
            models.CheckConstraint(name="lot_serial_is_one", condition=Q(is_serial=False) | Q(quantity__lte=1)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def on_hand(self) -> Decimal:
        """What is left of it in the plant."""
        return self.quantity - self.consumed - self.shipped

    def expired(self, today: date) -> bool:
        """Whether `today` (a date of its site) lies after its last day of use; without such a day never."""
        return self.expires_on is not None and today > self.expires_on


class Consumption(models.Model):
    """So much of a lot went into a lot (`into`), or into an order and so possibly into any of its lots.

    A row is never changed. A mistake is undone by a counter-entry, `undoes`, of the negative quantity.
    """

    class Kind(models.TextChoices):
        USED = "used", _("Used")
        SPLIT = "split", _("Split")
        MERGED = "merged", _("Merged")

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="consumptions")
    into = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="made_of")
    order = models.ForeignKey(WorkOrder, null=True, on_delete=models.PROTECT, related_name="consumptions")
    run = models.ForeignKey(Run, null=True, on_delete=models.PROTECT, related_name="consumptions")
    work_center = models.ForeignKey(WorkCenter, null=True, on_delete=models.PROTECT, related_name="consumptions")
    line = models.ForeignKey(Line, null=True, on_delete=models.PROTECT, related_name="+", help_text="Where it was.")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.USED)
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    undone = models.BooleanField(default=False, help_text="A counter-entry exists; both are kept.")
    why = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    key = models.UUIDField(unique=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["lot", "at"], name="consumption_of_lot"),
            models.Index(fields=["order", "at"], name="consumption_of_order"),
            models.Index(fields=["into"], name="consumption_into"),
        ]
        constraints = [
            models.CheckConstraint(
                name="consumption_sign",
                condition=Q(undoes=None, quantity__gt=0) | Q(undoes__isnull=False, quantity__lt=0),
            ),
            models.CheckConstraint(
                name="consumption_goes_somewhere", condition=Q(into__isnull=False) | Q(order__isnull=False)
            ),
            models.CheckConstraint(name="consumption_not_into_itself", condition=Q(into=None) | ~Q(into=F("lot"))),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.lot_id}"


class Shipment(models.Model):
    """So much of a lot left the plant for a customer; taken back by a counter-entry as consumptions are."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="shipments")
    quantity = models.DecimalField(max_digits=14, decimal_places=3)
    customer = models.CharField(max_length=120)
    customer_order = models.CharField(max_length=60, blank=True, default="")
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    undone = models.BooleanField(default=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    key = models.UUIDField(unique=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="shipment_sign",
                condition=Q(undoes=None, quantity__gt=0) | Q(undoes__isnull=False, quantity__lt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.lot_id} to {self.customer}"


class LotCorrection(models.Model):
    """The quantity of a lot was found to be another; rows are added, never changed."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="corrections")
    change = models.DecimalField(max_digits=14, decimal_places=3)
    why = models.CharField(max_length=200)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    key = models.UUIDField(unique=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.change} of {self.lot_id}"


class LotHold(models.Model):
    """Why a lot must not be used. Several may hold it at once (`source` each); it is free when all released it."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="holds")
    source = models.CharField(max_length=80, help_text="Who or what holds it: person, or e.g. ncr:NCR-17.")
    blocks = models.BooleanField(default=False, help_text="Decided: it must not be used any more.")
    why = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=150, blank=True, default="")
    release_why = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["lot", "source"], condition=Q(released_at=None), name="lot_held_once_by_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lot_id} by {self.source}"


class OrderCustomer(models.Model):
    """For whom an order is made, in the customer's words; a recall names them."""

    order = models.OneToOneField(WorkOrder, on_delete=models.CASCADE, related_name="for_customer")
    customer = models.CharField(max_length=120)
    customer_order = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return f"{self.order_id} for {self.customer}"


class LotRule(models.Model):
    """How lots of an item come about, how long they keep, and the number the world knows the item by."""

    class How(models.TextChoices):
        TYPED = "typed", _("When somebody says so")
        STEP = "step", _("Each time so many are made")
        COMPLETION = "completion", _("When the order is completed")

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="lot_rule")
    how = models.CharField(max_length=10, choices=How, default=How.TYPED)
    step = models.DecimalField(
        max_digits=14, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(Decimal("0.001"))]
    )
    shelf_life_days = models.PositiveIntegerField(null=True, blank=True)
    gtin = models.CharField(max_length=14, blank=True, default="", validators=[GTIN])

    class Meta:
        ordering = ["item"]
        constraints = [
            models.CheckConstraint(name="lot_rule_step", condition=~Q(how="step") | Q(step__isnull=False, step__gt=0))
        ]

    def __str__(self) -> str:
        return f"lots of {self.item_id}"


class SsccRange(models.Model):
    """From where a site takes the numbers of its pallets: GS1 company prefix, and the next serial reference."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="sscc_range")
    company_prefix = models.CharField(
        max_length=12, validators=[RegexValidator(r"^[0-9]{4,12}$", "A GS1 company prefix has 4 to 12 digits.")]
    )
    extension = models.PositiveSmallIntegerField(default=0, help_text="The first digit, 0 to 9.")
    next_serial = models.PositiveBigIntegerField(default=1)

    class Meta:
        ordering = ["site"]
        constraints = [models.CheckConstraint(name="sscc_extension_one_digit", condition=Q(extension__lte=9))]

    def __str__(self) -> str:
        return f"SSCC of {self.site_id}"
