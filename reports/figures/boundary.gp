# e-prop 3 in windows: only the seed that covers all state crossing the boundary gives BPTT's gradient.
n = |category|
shift(m) = |model| > 1 ? (m - 0.5 * (|model| + 1)) * 0.5 / |model| : 0
set yrange [n + 0.6:0.4]
set ytics noenhanced ()
do for [k=1:n] { set ytics add (category[k] k) }
set grid noytics
do for [k=1:n-1] { set arrow k from graph 0, first k + 0.5 to graph 1, first k + 0.5 nohead lc rgb '#dddddd' }
set bmargin at screen 95.0 / H
set tmargin at screen 1 - 25.0 / H
set lmargin at screen 0.21
set rmargin at screen 0.97
set key at screen 0.02, 0.01 left bottom Left reverse horizontal samplen 1 noenhanced
set xlabel 'relative error against full BPTT'
set format x '10^{%g}'
set xtics autofreq
set xrange [*<-3:0.3]
if (!some_first) { set xrange [-3:0.3] }
if (zero == zero) {
    set xrange [zero - 0.7:0.3]
    set xtics zero + 2, 2
    set xtics add ('exactly 0' zero)
}
set offsets graph 0.03, graph 0.03, 0, 0
plot for [m=1:|model|] DAT index m-1 using 2:($1 + shift(m)) with points pt model_marker(model[m], m) ps 1.2 lw 2 lc rgb model_colour(model[m], m) title model[m]
