"""What comes from the ERP: pulled, compared, mapped, applied; what needs a person stands open until one decides."""
