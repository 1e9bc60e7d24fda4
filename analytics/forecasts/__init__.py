"""The stored life of forecasts: issued, shown or refused by the ladder, joined with what came, refitted by night."""
