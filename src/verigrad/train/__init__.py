"""``accelerate launch -m verigrad.train RECIPE``: supervised and reinforcement stages on trl's trainers."""
