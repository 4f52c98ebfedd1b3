# Share of right answers by way; one bar, or two where the official runs were asked too. The way that was learnt is coloured.
set style fill solid 1 noborder
unset key
set yrange [0:100]
set xrange [-0.6:|series| - 0.4]
set ylabel 'right answers, %'
set xtics ('' 0) scale 0 rotate by 28 right
do for [k=1:|series|] { set xtics add (series[k] k - 1) }
stats DAT index 0 using 4 nooutput
two = STATS_records > 1
off = two ? 0.2 : 0
set boxwidth two ? 0.38 : 0.7
learnt(s) = s eq 'e-prop 2'
plot for [k=1:|series|] DAT index k-1 every ::0::0 using (k - 1 - off):(100 * (1 - $4)) with boxes lc rgb (learnt(series[k]) ? 0x0072B2 : 0x9a9a9a) notitle, \
     for [k=1:two ? |series| : 0] DAT index k-1 every ::1::1 using (k - 1 + off):(100 * (1 - $4)) with boxes lc rgb (learnt(series[k]) ? 0x56B4E9 : 0xcfcfcf) notitle, \
     for [k=1:|series|] DAT index k-1 every ::0::0 using (k - 1 - off):(100 * (1 - $4)):(sprintf('%.0f', 100 * (1 - $4))) with labels offset 0, 0.6 font ',10' notitle, \
     for [k=1:two ? |series| : 0] DAT index k-1 every ::1::1 using (k - 1 + off):(100 * (1 - $4)):(sprintf('%.0f', 100 * (1 - $4))) with labels offset 0, 0.6 font ',10' notitle
