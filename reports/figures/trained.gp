# A trial of a trained network: spikes sorted by activity; of chosen neurons membrane, adaptation, pseudo-derivative,
# eligibility trace and learning signal.
stats DAT index 0 using 1:2 nooutput
t_max = STATS_max_x
j_max = STATS_max_y
array what[5] = ['v', 'a', 'ψ', 'trace e', 'signal L']
array column_of[5] = [3, 4, 5, 6, 7]
n_what = 5
a_max = 0
do for [m=2:|series|] { stats DAT index m-1 using 4 nooutput; if (STATS_max > a_max) { a_max = STATS_max } }
if (a_max <= 0) { n_what = 4; do for [p=2:4] { what[p] = what[p + 1]; column_of[p] = column_of[p + 1] } }
set multiplot
LM = 0.115; RM = 0.985
top = 0.945; gap = 0.012; n_panel = n_what + 1
each = (top - 0.06 - (n_panel - 1) * gap) / n_panel
panel_top(k) = top - (k - 1) * (each + gap)
set lmargin at screen LM
set rmargin at screen RM
set xrange [0:t_max + 1]
set format x ''
set key at screen RM, 0.995 right top Left reverse horizontal samplen 1.5 noenhanced
set tmargin at screen panel_top(1)
set bmargin at screen panel_top(1) - each
set ylabel 'rank'
set yrange [-1:j_max + 1] reverse
plot DAT index 0 using 1:2 with points pt 5 ps 0.25 lc rgb '#555555' notitle, \
     for [m=2:|series|] NaN with lines lw 3 lc rgb colour(m - 1) title series[m]
unset key
set yrange [*:*] noreverse
set ytics autofreq font ',10'
set offsets 0, 0, graph 0.06, graph 0.06
set xzeroaxis lc rgb '#999999' lw 1
do for [p=1:n_what] {
    set tmargin at screen panel_top(p + 1)
    set bmargin at screen panel_top(p + 1) - each
    set ylabel what[p]
    set format y '%.2g'
    if (p == n_what) { set format x '%g'; set xlabel 'time step t' offset 0, 0.7 }
    plot for [m=2:|series|] DAT index m-1 using 1:(column(column_of[p])) with lines lw 1.4 lc rgb colour(m - 1)
}
unset multiplot
