# Reference values beyond ../shared/reference/survey.json: two stages with fpc, nested clusters, domains.
# Run: Rscript survey_more.R <folder of survey_apipop.csv> > survey_more.json   (R 4.2.2, survey 4.1-1)
suppressPackageStartupMessages(library(survey)); options(survey.lonely.psu = "fail")
args <- commandArgs(TRUE)
pop <- read.csv(file.path(args[1], "survey_apipop.csv"), na.strings = c("", "NA"), stringsAsFactors = FALSE)
num <- function(v) ifelse(is.na(v), "null", formatC(v, digits = 17, format = "g", width = 1))
items <- character(0)
put <- function(key, v) items[[length(items) + 1]] <<- paste0("  \"", key, "\": [", paste(trimws(num(as.vector(v))), collapse = ", "), "]")
both <- function(key, s) { put(paste0(key, ".est"), coef(s)); put(paste0(key, ".se"), unlist(SE(s))) }

# two stages: every 17th district, the first 4 schools of each
pop <- pop[order(pop$cds), ]
pop$rank <- ave(seq_along(pop$cds), pop$dnum, FUN = seq_along)
pop$size <- ave(seq_along(pop$cds), pop$dnum, FUN = length)
pop$districts <- length(unique(pop$dnum))
two <- pop[pop$dnum %% 17 == 3 & pop$rank <= 4, ]
d2 <- svydesign(id = ~dnum + snum, fpc = ~districts + size, data = two)
both("two.mean", svymean(~api00, d2)); put("two.degf", degf(d2))
put("two.deff_replace", deff(svymean(~api00, d2, deff = "replace"))); put("two.deff", deff(svymean(~api00, d2, deff = TRUE)))
both("two.total", svytotal(~api.stu, d2)); both("two.by", svyby(~api00, ~stype, d2, svymean))
both("two.by_total", svyby(~api.stu, ~stype, d2, svytotal)); both("two.by_ratio", svyby(~api.stu, ~stype, denominator = ~pcttest, d2, svyratio))
high <- subset(d2, stype == "H"); put("two.high_degf", degf(high)); both("two.high", svymean(~api00, high))
put("two.by_covariance", vcov(svyby(~api00, ~stype, d2, svymean, covmat = TRUE)))

# strata with re-used cluster labels: stype, county within it; weights of our own
nest <- pop[pop$dnum %% 6 == 1, ]; nest$w <- 1 + (nest$snum %% 7) / 3
keep <- ave(nest$cnum, nest$stype, FUN = function(x) length(unique(x))) > 1; nest <- nest[keep, ]
dn <- svydesign(id = ~cnum, strata = ~stype, weights = ~w, data = nest, nest = TRUE)
put("nest.degf", degf(dn)); both("nest.mean", svymean(~api00 + meals, dn)); both("nest.total", svytotal(~api.stu, dn))
both("nest.by", svyby(~meals, ~awards + sch.wide, dn, svymean)); put("nest.deff_replace", deff(svymean(~api00, dn, deff = "replace")))
both("nest.by_total", svyby(~api.stu, ~awards, dn, svytotal))
no <- subset(dn, awards == "No"); put("nest.no_degf", degf(no)); both("nest.no", svymean(~api00, no))
q <- svyquantile(~api00, dn, c(.25, .5, .75), ci = TRUE); put("nest.quantile", q[[1]])
for (r in c("school", paste0("hf", 1:9))) put(paste0("nest.quantile_", r), svyquantile(~api00, dn, c(.1, .5, .9), ci = TRUE, qrule = r)[[1]][, 1:3])
for (r in c("beta", "xlogit", "asin")) put(paste0("nest.quantile_by_", r), svyquantile(~api00, dn, c(.5, .9), ci = TRUE, interval.type = r)[[1]])
for (s in c("F", "Chisq", "Wald", "adjWald", "saddlepoint")) { z <- svychisq(~awards + stype, dn, statistic = s); put(paste0("nest.chisq_", s), c(z$statistic, z$p.value)) }
g <- svyglm(I(as.numeric(awards == "Yes")) ~ meals + stype, dn, family = quasibinomial()); put("nest.logit", summary(g)$coefficients[, 1:2]); put("nest.logit_df", g$df.residual)
g <- svyglm(pcttest ~ meals + stype, dn, family = quasipoisson()); put("nest.poisson", summary(g)$coefficients[, 1:2])
z <- svyttest(api00 ~ awards, dn); put("nest.ttest", c(z$statistic, z$parameter, z$p.value))
for (t in c("wilcoxon", "vanderWaerden", "median")) { z <- svyranktest(api00 ~ awards, dn, test = t); put(paste0("nest.rank_", t), c(z$statistic, z$parameter, z$p.value)) }
z <- svyranktest(api00 ~ stype, dn, test = "KruskalWallis"); put("nest.rank_stype", c(z$statistic, z$p.value))
both("nest.variance", svyvar(~api00, dn))
both("nest.variance_by", svyby(~api00, ~awards, dn, svyvar))
r <- as.svrepdesign(dn, type = "JKn"); both("nest.JKn", svymean(~api00 + meals, r)); both("nest.JKn_by", svyby(~meals, ~awards, r, svymean)); put("nest.JKn_degf", degf(r))
m <- as.svrepdesign(dn, type = "JKn", mse = TRUE)
put("nest.JKn_mse", SE(svymean(~api00, m)))

# the nested design calibrated to types and meals: ratios, groups, domains with missing answers, regressions
n <- tapply(weights(dn), nest$stype, sum) * c(E = 1.1, H = .9, M = 1.05)
totals <- c("(Intercept)" = sum(n), stypeH = n[["H"]], stypeM = n[["M"]], meals = 1.05 * sum(weights(dn) * nest$meals))
dn <- update(dn, some = ifelse(snum %% 9 == 0, NA, api00))
for (f in c("linear", "bounded", "raking", "logit")) {
  b <- if (f %in% c("linear", "raking")) c(-Inf, Inf) else c(.85, 1.3)
  cd <- calibrate(dn, ~stype + meals, totals, calfun = if (f == "bounded") "linear" else f, bounds = b, epsilon = 1e-12, maxit = 200)
  k <- paste0("calibrated.", f); put(paste0(k, ".weights"), weights(cd)[1:10])
  both(paste0(k, ".mean"), svymean(~api00, cd)); both(paste0(k, ".ratio"), svyratio(~api.stu, ~enroll, cd, na.rm = TRUE))
  both(paste0(k, ".by"), svyby(~api00, ~awards, cd, svymean)); both(paste0(k, ".domain"), svymean(~some, subset(cd, awards == "No"), na.rm = TRUE))
  both(paste0(k, ".regression"), svyglm(api00 ~ ell + awards, cd)); put(paste0(k, ".quantile"), svyquantile(~api00, cd, .5)[[1]]) }
b <- svyby(~api00, ~awards + sch.wide, dn, svymean, covmat = TRUE); put("nest.by_covariance", vcov(b))

# one unit in a stratum
for (op in c("remove", "adjust", "average", "certainty")) { options(survey.lonely.psu = op)
  one <- pop[pop$dnum %% 40 == 1, ]; one <- one[!(one$stype == "H" & duplicated(one$stype)), ]
  dl <- svydesign(id = ~1, strata = ~stype, weights = ~size, data = one); put(paste0("lonely.", op), c(SE(svymean(~api00, dl)), SE(svytotal(~api.stu, dl)), SE(svymean(~api00, subset(dl, awards == "Yes"))))) }
options(survey.lonely.psu = "fail")
cat("{\n", paste0("  \"provenance\": \"tests/oracles/survey_more.R; ", R.version.string, "; survey ", packageVersion("survey"), "; tolerance 1e-8\",\n"), paste(items, collapse = ",\n"), "\n}\n", sep = "")
