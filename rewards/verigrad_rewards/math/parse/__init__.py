"""Read answers, in LaTeX, plain notation or words, into trees of plain data."""
