"""`bench forecast`: how good forecasts are on simulated lines that nobody tuned on, beside peers and targets."""
