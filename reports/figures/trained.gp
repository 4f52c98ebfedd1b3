# A trial of a trained network: spikes sorted by activity; of chosen neurons membrane, adaptation, pseudo-derivative,
# eligibility trace and learning signal.
stats DAT index 0 using 1:2 nooutput
t_max = STATS_max_x
j_max = STATS_max_y
array what[5] = ['v', 'a', 'ψ', 'trace e', 'signal L']
array column_of[5] = [3, 4, 5, 6, 7]
n_what = 5
a_max = 0
do for [m=1:|series|] { stats DAT index m using 4 nooutput; if (STATS_max > a_max) { a_max = STATS_max } }
if (a_max <= 0) { n_what = 4; do for [p=2:4] { what[p] = what[p + 1]; column_of[p] = column_of[p + 1] } }
array span[5]
do for [p=1:n_what] {
    lo = 0; hi = 0
    do for [m=1:|series|] { stats DAT index m using (column(column_of[p])) nooutput; lo = STATS_min < lo ? STATS_min : lo; hi = STATS_max > hi ? STATS_max : hi }
    span[p] = hi - lo
}
set multiplot
LM = 0.115; RM = 0.97
top = 0.945; gap = 0.012; n_panel = n_what + 1
each = (top - 0.075 - (n_panel - 1) * gap) / n_panel
panel_top(k) = top - (k - 1) * (each + gap)
set lmargin at screen LM
set rmargin at screen RM
set xrange [0:t_max + 1]
set format x ''
set key at screen RM, 0.995 right top Left reverse horizontal samplen 1.5 noenhanced
set tmargin at screen panel_top(1)
set bmargin at screen panel_top(1) - each
set ylabel 'neuron by rate'
set ytics nice_step(j_max)
set yrange [j_max + 1:-1]
plot DAT index 0 using 1:2 with lines lw 1.8 lc rgb '#333333' notitle, \
     for [m=1:|series|] NaN with lines lw 3 lc rgb colour(m) title series[m]
unset key
set yrange [*:*] noreverse
set autoscale yfix
set offsets 0, 0, graph 0.06, graph 0.06
set xzeroaxis lc rgb '#999999' lw 1
do for [p=1:n_what] {
    set tmargin at screen panel_top(p + 1)
    set bmargin at screen panel_top(p + 1) - each
    set ylabel what[p]
    set ytics nice_step(span[p])
    set format y '%.2g'
    if (p == n_what) { set format x '%g'; set xlabel 'time step t (1 ms)' offset 0, 0.7 }
    plot for [m=1:|series|] DAT index m using 1:(column(column_of[p])) with lines lw 1.4 lc rgb colour(m)
}
unset multiplot
