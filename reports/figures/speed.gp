# How many times as fast as the portable scalar engine, case by case.
n = |kase|
set yrange [n + 0.6:0.4]
set ytics noenhanced ()
do for [k=1:n] { set ytics add (kase[k] k) }
set grid noytics
do for [k=1:n-1] { set arrow k from graph 0, first k + 0.5 to graph 1, first k + 0.5 nohead lc rgb '#dddddd' }
set bmargin at screen 125.0 / H
set tmargin at screen 1 - 25.0 / H
set lmargin at screen 0.345
set rmargin at screen 0.97
set key at screen 0.02, 0.01 left bottom Left reverse horizontal samplen 1 noenhanced
set logscale x
set xlabel 'times as fast as the scalar engine in the same run (95 % interval)'
set xrange [least * 0.8:*]
set offsets graph 0.03, graph 0.05, 0, 0
set arrow 1000 from first 1, graph 0 to first 1, graph 1 nohead lc rgb '#444444' lw 2
if (none) { set label 1 'no ratio was claimed on this machine' at graph 0.5, graph 0.5 center; set xrange [0.5:2] }
shift(m) = |subject| > 1 ? (m - 0.5 * (|subject| + 1)) * 0.6 / |subject| : 0
plot NaN notitle, for [m=1:|subject|] DAT index m-1 using 2:($1 + shift(m)):3:4 with xerrorbars pt marker(m) ps 0.9 lw 2 lc rgb colour(m) title subject[m]
