"""What claims speak about, made real: data, models, training, the sweep over trials, and their store."""

import os

# Before the first product of matrices, so that MKL rounds it alike wherever in memory the matrices begin: no
# trial then depends on those that are stacked with it. Processes that this one starts have it as well.
os.environ.setdefault("MKL_CBWR", "AUTO")
