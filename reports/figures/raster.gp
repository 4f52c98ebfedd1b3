# One trial: spikes, and for the busiest neurons membrane, pseudo-derivative, eligibility trace and learning signal.
set multiplot
LM = 0.115; RM = 0.985
top = 0.945; gap = 0.012; each = (top - 0.075 - 4 * gap) / 5
panel_top(k) = top - (k - 1) * (each + gap)
set lmargin at screen LM
set rmargin at screen RM
set xrange [0:t_max + 1]
set format x ''
set key at screen RM, 0.995 right top Left reverse horizontal samplen 1.5 noenhanced
set tmargin at screen panel_top(1)
set bmargin at screen panel_top(1) - each
set ylabel 'neuron j' offset screen 0.0, 0
set yrange [-0.7:j_max + 0.7]
set ytics 0, (j_max > 8 ? ceil(j_max / 4) : (j_max > 3 ? 2 : 1))
tint(c) = c < 1 ? 0x999999 : colour(int(c))
plot DAT index 0 using 1:2:(tint($3)) with points pt 5 ps 0.45 lc rgb variable notitle, \
     for [m=1:n_focus] NaN with lines lw 3 lc rgb colour(m) title 'neuron '.focus[m]
unset key
set yrange [*:*]
set autoscale yfix
set ytics autofreq
set offsets 0, 0, graph 0.06, graph 0.06
set xzeroaxis lc rgb '#999999' lw 1
array what[4] = ['membrane v', 'ψ = dz/dv', 'trace e', 'signal L']
do for [p=1:4] {
    set tmargin at screen panel_top(p + 1)
    set bmargin at screen panel_top(p + 1) - each
    set ylabel what[p]
    set format y '%.2g'
    if (p == 4) { set format x '%g'; set xlabel 'time step t' offset 0, 0.7 }
    plot for [m=1:n_focus] DAT index m using 1:(column(p + 1)) with lines lw 1.6 lc rgb colour(m)
}
unset multiplot
