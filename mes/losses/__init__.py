"""What was lost and what it cost: minutes of stops by reason, hourly rates, value of scrap, and delivery on time."""
