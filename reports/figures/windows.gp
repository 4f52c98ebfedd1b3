# Rules in windows against BPTT: medians over networks, with the quartiles as bands. Left: errors at every step; right: late
# ones alone. Columns of the data come in threes (quartiles) behind x: cosine, rel_err, rel_norm; then the same for late errors.
rule_of(s) = word(s, 1)
seed_of(s) = words(s) > 1 ? word(s, 2) : ''
dash(s) = seed_of(s) eq 'c' ? 2 : seed_of(s) eq 'z' ? 3 : 1
width(s) = seed_of(s) eq 'zc' ? 2.5 : 2
label(s) = seed_of(s) eq '' ? rule_of(s).', no seeds' : rule_of(s).', seeds '.seed_of(s)
set style fill transparent solid 0.12 noborder
set multiplot
set logscale x 2
set xtics 1, 2, 1024
set format x '%g'
set bmargin 0
set tmargin 0
array lo[4] = [2, 11, 5, 14]
do for [p=1:4] {
    column = lo[p]
    right = (p == 2 || p == 4)
    upper = p <= 2
    set lmargin at screen (right ? 0.565 : 0.085)
    set rmargin at screen (right ? 0.985 : 0.505)
    set tmargin at screen (upper ? 0.94 : 0.535)
    set bmargin at screen (upper ? 0.585 : 0.18)
    set title (p == 1 ? 'Errors at every step' : p == 2 ? 'Errors in the last eighth of a trial' : '')
    set xlabel (upper ? '' : 'window (steps)')
    set ylabel (right ? '' : upper ? 'cosine with BPTT' : 'distance / |BPTT|') offset 1, 0
    if (upper) { set yrange [*:1.02] } else { set yrange [0:*] }
    # Truncated BPTT's lines are named below the left panel, e-prop 3's below the right one.
    if (upper) { unset key } else { set key at screen (right ? 0.775 : 0.295), 0.02 center bottom Left reverse vertical maxrows 2 samplen 3 noenhanced }
    named(s) = !upper && (strstrt(s, 'eprop3') > 0) == right
    plot for [k=1:|series|] DAT index k-1 using 1:column:column+2 with filledcurves lc rgb rule_colour(rule_of(series[k]), k) notitle, \
         for [k=1:|series|] DAT index k-1 using 1:column+1 with linespoints pt marker(dash(series[k])) ps 0.5 dt dash(series[k]) \
             lw width(series[k]) lc rgb rule_colour(rule_of(series[k]), k) title (named(series[k]) ? label(series[k]) : '')
}
unset multiplot
