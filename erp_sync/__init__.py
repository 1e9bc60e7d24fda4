"""The thread to the ERP: orders in, confirmations out, and the comparison of both sides."""
