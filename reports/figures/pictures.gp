# Strips of pictures in grey: the examples, then the queries with the class that each is of and the one that was named.
rows = |series|
array wide[rows]
do for [k=1:rows] { stats DAT index k-1 using 1:2 nooutput; wide[k] = STATS_max_x }
side = STATS_max_y
set multiplot
unset key
unset border
unset tics
unset grid
set palette defined (0 '#f4f4f4', 1 '#101010')
set cbrange [0:1]
unset colorbox
do for [k=1:rows] {
    set xrange [-1:wide[k] + 1]
    set yrange [side + 1:-0.22 * side]
    set lmargin at screen 0.02
    set rmargin at screen 0.98
    set tmargin at screen 1 - (k - 1.0) / rows - 0.07
    set bmargin at screen 1 - 1.0 * k / rows + 0.01
    set title series[k] offset 0, -0.4 noenhanced
    plot DAT index k-1 using 1:2:3 with @IMAGE, \
         DAT index k-1 using ($2 == 0 && $6 > 0 ? $1 + side / 2 : NaN):(-0.11 * side):(sprintf('class %d', $4)) with labels font ',10' textcolor rgb '#333333', \
         for [r=0:1] DAT index k-1 using ($2 == 0 && $6 > 0 && $5 > 0 && ($5 == $4) == r ? $1 + side / 2 : NaN):(side * 0.99):(r ? 'right' : sprintf('named %d', $5)) \
             with labels font ',10' textcolor rgb (r ? '#0072B2' : '#D55E00')
}
unset multiplot
