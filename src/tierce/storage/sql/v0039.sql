-- Where an insurer's periods lie: its file is written in one go, so that a few stretches of pages hold them all. Counts
-- after each file read those stretches, not the country. It costs kilobytes; stretches not summed up yet are read.
create index coverage_insurer on coverage.coverage
    using brin (insurer int2_minmax_multi_ops) with (pages_per_range = 64, autosummarize = on);
