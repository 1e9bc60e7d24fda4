"""What goes to the ERP: totals collected, messages written once, delivered in sequence, decided by people."""
