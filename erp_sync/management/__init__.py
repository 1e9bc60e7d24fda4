"""Commands of the thread to the ERP."""
