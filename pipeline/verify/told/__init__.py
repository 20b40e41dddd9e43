"""Table facts told in a writer's own words: several figures in one sentence, a pair of codes, who may be paid.

The checks of figures read a label beside its figure and refute what differs. Free prose sets labels before, behind
and once for all, so here it is read the other way round: what could each figure be, by its value, and does all that
the sentence says beside it agree? These readers never refute; a sentence they do not read whole stays undecided.
"""

from pipeline.verify.told.check import CHECK as CHECK
from pipeline.verify.told.check import check_told as check_told
