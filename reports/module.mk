# reports/
