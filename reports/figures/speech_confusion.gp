# Confusion matrix of the 39 classes: rows spoken, columns named, share of the row.
unset key
unset grid
set border 15
set lmargin at screen 0.16
set rmargin at screen 0.86
set tmargin at screen 0.985
set bmargin at screen 0.135
set palette defined (0 '#ffffff', 0.02 '#e3edf4', 0.2 '#8fbbd6', 0.6 '#2a6f9f', 1 '#08233b')
set cbrange [0:1]
set cblabel 'share of the frames spoken'
set xrange [-0.5:38.5]
set yrange [38.5:-0.5]
set xlabel 'named' offset 0, 0.2
set ylabel 'spoken' offset 1, 0
set tics out scale 0.3 font ',9'
set xtics rotate by 90 right noenhanced font ',8'
set ytics noenhanced font ',8'
plot DAT index 0 using 2:1:3 with @IMAGE, \
     DAT index 0 every ::0::38 using 2:(0):xticlabels(6) with points pt 0 lc rgb '#ff000000', \
     DAT index 0 every 39 using (0):1:yticlabels(5) with points pt 0 lc rgb '#ff000000'
