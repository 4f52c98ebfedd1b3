# What is not exact: direction and length of each approximation's gradient against BPTT's.
n = |category|
shift(m) = |model| > 1 ? (m - 0.5 * (|model| + 1)) * 0.7 / |model| : 0
set multiplot
set yrange [n + 0.6:0.4]
set ytics noenhanced ()
do for [k=1:n] { set ytics add (category[k] k) }
set grid noytics
do for [k=1:n-1] { set arrow k from graph 0, first k + 0.5 to graph 1, first k + 0.5 nohead lc rgb '#dddddd' }
set bmargin at screen 90.0 / H
set tmargin at screen 1 - 45.0 / H
set key at screen 0.02, 0.01 left bottom Left reverse horizontal samplen 1 noenhanced
set lmargin at screen 0.30
set rmargin at screen 0.66
set title 'Same direction? cosine with BPTT'
set xlabel 'cosine (1: the same direction)'
set xrange [*<0:1.05]
if (!some_first) { set xrange [-1:1.05] }
set arrow 1000 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#444444' lw 2
plot for [m=1:|model|] DAT index m-1 using 2:($1 + shift(m)) with points pt model_marker(model[m], m) ps 1 lw 2 lc rgb model_colour(model[m], m) title model[m]
unset key
set ytics ()
do for [k=1:n] { set ytics add ('' k) }
set lmargin at screen 0.70
set rmargin at screen 0.985
set title 'Same length? norm relative to BPTT'
set xlabel 'norm ratio (1: the same length)'
set logscale x 2
set xrange [*<0.5:2<*]
set offsets graph 0.04, graph 0.04, 0, 0
if (!some_second) { set xrange [0.5:2] }
set xtics ('1/256' 1.0/256, '1/64' 1.0/64, '1/16' 1.0/16, '1/4' 1.0/4, '1' 1, '4' 4, '16' 16, '64' 64)
plot for [m=1:|model|] DAT index m-1 using 3:($1 + shift(m)) with points pt model_marker(model[m], m) ps 1 lw 2 lc rgb model_colour(model[m], m)
unset multiplot
