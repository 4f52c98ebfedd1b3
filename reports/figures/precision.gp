# Error against precision: BPTT and sum L e agree to one more bit for every bit of precision; a seeded bug does not.
set multiplot
unset key
set xlabel 'precision of the computation p, bits'
set xrange [0:bits_max * 1.03]
if (!exists("what")) { what = 'BPTT − Σ L e' }
set ylabel 'relative difference |'.what.'|'
set format y '2^{%g}'
set yrange [-bits_max * 1.03:bits_max * 0.06]
set lmargin at screen 0.105
set rmargin at screen 0.47
set bmargin at screen 0.14
set tmargin at screen 0.92
set title 'Every bit of precision buys one bit of agreement'
set label 1 'dashed: with a seeded bug' at graph 0.97, graph 0.89 right textcolor rgb '#444444'
set label 2 'grey: one bit per bit, 2^{−p}' at graph 0.05, graph 0.08 left textcolor rgb '#444444'
plot -x with lines lc rgb '#bbbbbb' lw 6, \
     for [m=1:|model|] DAT index m-1 using 1:2 with linespoints lc rgb model_colour(model[m], m) pt model_marker(model[m], m) ps 0.8 lw 2, \
     for [m=1:|model|] DAT index m-1 using 1:4 with linespoints lc rgb model_colour(model[m], m) pt model_marker(model[m], m) ps 0.5 lw 1.5 dt 2
unset label 1
unset label 2
set lmargin at screen 0.56
set rmargin at screen 0.86
set key at screen 0.875, 0.92 left top Left reverse vertical samplen 2 spacing 1.3 noenhanced
set title 'Bits lost on the way (fewer is better)'
set ylabel 'p + log_2 of the difference, bits'
set format y '%g'
set xlabel 'precision p, bits (logarithmic)'
set logscale x 2
set xrange [16:bits_max * 1.2]
set xtics (24, 53, 113, 256, 512, 1024, 2048, 4096)
set yrange [*:*]
if (!some) { set yrange [0:1] }
set offsets 0, 0, graph 0.08, graph 0.08
plot for [m=1:|model|] DAT index m-1 using 1:($1+$2) with linespoints lc rgb model_colour(model[m], m) pt model_marker(model[m], m) ps 0.8 lw 2 title model[m]
unset multiplot
