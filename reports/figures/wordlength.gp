# How many bits: gradient's direction and what training reaches, against the word length of one kind of number. Colour: which kind; dash: rounding.
kind(s) = strstrt(s, 'weights') ? 1 : strstrt(s, 'traces') ? 2 : 3
dash(s) = strstrt(s, 'stochastic') ? 2 : strstrt(s, 'floor') ? 3 : 1
set multiplot
unset key
set lmargin at screen 0.08
set rmargin at screen 0.37
set bmargin at screen 0.13
set tmargin at screen 0.92
set xlabel 'word length, bits with sign'
set xrange [3.5:24.5]
set xtics 4, 4, 24
set ylabel '1 − cosine with the exact gradient'
set title 'Direction of the gradient (lower is better)'
set logscale y
set format y '10^{%T}'
set yrange [5e-7:2]
plot for [k=1:|series|] DAT index k-1 using 1:($3 < 1 ? 1 - $3 : 1e-6) with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.5 lw 2
set lmargin at screen 0.445
set rmargin at screen 0.735
set key at screen 0.745, 0.92 left top Left reverse vertical samplen 3 spacing 1.3 noenhanced
set title 'After training (lower is better)'
set ylabel 'squared error / squared target, median'
set yrange [0.1:2]
set ytics (0.1, 0.2, 0.5, 1, 2)
set format y '%g'
plot for [k=1:|series|] DAT index k-1 using 1:5 with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.5 lw 2 title series[k]
unset multiplot
