# A sentence: energy in mel bands, and below it the spoken and the named phonemes.
set multiplot
unset key
unset grid
set border 3
LM = 0.075; RM = 0.985
set lmargin at screen LM
set rmargin at screen RM
stats DAT index 0 using 1 nooutput
last = STATS_max + 1
sec(f) = f / 100.0
set xrange [0:sec(last)]
set palette defined (0 '#ffffff', 0.35 '#bcd6e6', 0.7 '#3b83b5', 1 '#08233b')
unset colorbox
set tmargin at screen 0.955
set bmargin at screen 0.42
set yrange [-0.5:39.5]
set ylabel 'mel band'
set format x ''
set ytics 0, 10
plot DAT index 0 using (sec($1 + 0.5)):2:3 with @IMAGE
unset ytics
unset ylabel
set border 0
set yrange [0:1]
array what[2] = ['spoken', 'named']
array top[2] = [0.385, 0.235]
do for [k=1:2] {
    set tmargin at screen top[k]
    set bmargin at screen top[k] - 0.10
    if (k == 2) { set format x '%g'; set border 1; set xlabel 'time (s)' offset 0, 0.5 } else { unset xlabel }
    set label 1 what[k] at screen LM - 0.008, top[k] - 0.05 right font ',13'
    plot DAT index k using (sec($1)):(0.08):(sec($1)):(sec($2)):(0.08):(0.92):(int($0) % 2 ? 0xdde8f0 : 0xf6e6d6) with boxxyerror fs solid noborder lc rgb variable, \
         DAT index k using (sec(($1 + $2) / 2.0)):(int($0) % 2 ? 0.7 : 0.3):($2 - $1 > 1 ? stringcolumn(4) : '') with labels font ',10' noenhanced
}
unset multiplot
