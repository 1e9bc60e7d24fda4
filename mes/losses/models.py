"""What an hour of a machine and a piece of an item cost, each from an instant on; a later row ends an earlier one."""

from decimal import Decimal

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from mes.plant.models import Site, WorkCenter
from mes.production.models import Item

CURRENCY = RegexValidator(r"^[A-Z]{3}$", "A currency is three capital letters (ISO 4217): EUR, USD, MXN.")


class SiteCurrency(models.Model):
    """The currency in which a site reckons. Costs of sites with different ones are never added up."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="reckons_in")
    code = models.CharField(max_length=3, validators=[CURRENCY])

    class Meta:
        verbose_name_plural = "site currencies"

    def __str__(self) -> str:
        return self.code


class CostRate(models.Model):
    """What an hour of a machine costs from `valid_from` on, in the currency of its site."""

    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="cost_rates")
    per_hour = models.DecimalField(max_digits=12, decimal_places=4, validators=[MinValueValidator(Decimal(0))])
    valid_from = models.DateTimeField()

    class Meta:
        ordering = ["work_center", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["work_center", "valid_from"], name="cost_rate_once"),
            models.CheckConstraint(name="cost_rate_not_negative", condition=models.Q(per_hour__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.per_hour} an hour from {self.valid_from:%Y-%m-%d}"


class ItemCost(models.Model):
    """What a scrapped piece of an item costs at a site from `valid_from` on: its material and what was put into it."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="costs")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="item_costs")
    per_piece = models.DecimalField(max_digits=12, decimal_places=4, validators=[MinValueValidator(Decimal(0))])
    valid_from = models.DateTimeField()

    class Meta:
        ordering = ["item", "site", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["item", "site", "valid_from"], name="item_cost_once"),
            models.CheckConstraint(name="item_cost_not_negative", condition=models.Q(per_piece__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.per_piece} a piece from {self.valid_from:%Y-%m-%d}"
