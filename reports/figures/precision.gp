# Error against precision: BPTT and sum L e agree to one more bit for every bit of precision; a seeded bug does not.
set multiplot layout 1, 2
set xlabel 'precision of the computation p, bits'
set xrange [0:bits_max * 1.03]
set ylabel 'relative difference |BPTT − Σ L e|, power of two'
set format y '2^{%g}'
set yrange [-bits_max * 1.03:bits_max * 0.06]
set lmargin at screen 0.085
set rmargin at screen 0.52
set bmargin at screen 0.28
set tmargin at screen 0.93
set title 'Every bit of precision buys one bit of agreement'
set key at screen 0.02, 0.035 left bottom horizontal maxrows 2 width 1 samplen 2 noenhanced
plot -x with lines lc rgb '#999999' lw 6 title 'one bit per bit: 2^{−p}' enhanced, \
     for [m=1:|model|] DAT index m-1 using 1:2 with linespoints lc rgb colour(m) pt marker(m) ps 0.8 lw 2 title model[m], \
     for [m=1:|model|] DAT index m-1 using 1:4 with linespoints lc rgb colour(m) pt marker(m) ps 0.5 lw 1.5 dt 2 \
         title (m == 1 ? 'dashed: with a seeded bug' : '')
unset key
set lmargin at screen 0.63
set rmargin at screen 0.985
set title 'Bits lost on the way (smaller is better)'
set ylabel 'p + log_2 of the difference, bits'
set format y '%g'
set yrange [*:*]
set offsets 0, 0, graph 0.08, graph 0.08
plot for [m=1:|model|] DAT index m-1 using 1:($1+$2) with linespoints lc rgb colour(m) pt marker(m) ps 0.8 lw 2
unset multiplot
