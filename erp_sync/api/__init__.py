"""The API of the thread to the ERP: orders in and confirmations out for ERPs that push, and what stands between."""
