"""What figures are drawn with; readable in grey and to the colour-blind, with uncertainty."""
