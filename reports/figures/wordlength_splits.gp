# Where to put the point in a word of 8 and of 16 bits: what leaves the range, and the gradient's direction.
kind(s) = strstrt(s, 'weights') ? 1 : strstrt(s, 'traces') ? 2 : 3
keep(s) = strstrt(s, 'nearest-even') && (strstrt(s, ' 8 bits') || strstrt(s, '16 bits'))
dash(s) = strstrt(s, '16 bits') ? 1 : 2
short(s) = s[1:strstrt(s, 'bits') + 3]
set multiplot
unset key
set lmargin at screen 0.08
set rmargin at screen 0.37
set bmargin at screen 0.13
set tmargin at screen 0.92
set xlabel 'bits before the point, without the sign'
set xrange [-0.3:4.3]
set xtics 0, 1, 4
set title 'Numbers that leave their range'
set ylabel 'part of all numbers written (none: at the bottom)'
set logscale y
set format y '10^{%T}'
set yrange [5e-8:1]
plot for [k=1:|series|] DAT index k-1 using (keep(series[k]) ? $1 : NaN):($6 > 0 ? $6 : 1e-7) with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.8 lw 2
set lmargin at screen 0.445
set rmargin at screen 0.735
set key at screen 0.745, 0.92 left top Left reverse vertical samplen 3 spacing 1.3 noenhanced
set title 'Direction of the gradient (lower is better)'
set ylabel '1 − cosine with the exact gradient'
set yrange [5e-7:2]
plot for [k=1:|series|] DAT index k-1 using (keep(series[k]) ? $1 : NaN):($2 < 1 ? 1 - $2 : 1e-6) with linespoints lc rgb colour(kind(series[k])) \
     dt dash(series[k]) pt marker(kind(series[k])) ps 0.8 lw 2 title (keep(series[k]) ? short(series[k]) : '')
unset multiplot
