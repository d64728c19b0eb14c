# R's values for the data of generate.py. Run here: Rscript reference.R
# Packages: see "provenance" in reference.json, which this script writes. Where the package is not in Debian (irr, seminr,
# relaimpo) the definition is written out in base R, apart from the code that is tested.
suppressPackageStartupMessages({library(psych); library(lavaan); library(survey); library(semTools); library(jsonlite)})
options(survey.lonely.psu = "fail", digits = 15)
rd <- function(f) read.csv(paste0(f, ".csv"), na.strings = "")
q <- paste0("q", 1:9); o <- rd("ordinal"); m <- rd("missing"); s <- rd("small"); r <- rd("raters"); v <- rd("survey"); p <- rd("path")
num <- function(x) { x <- unlist(x); setNames(as.list(as.numeric(x)), names(x)) }
quiet <- function(e) suppressMessages(suppressWarnings(e))
out <- list()

# ---- reliability ----
rel <- function(x, complete = TRUE) {
  if (complete) x <- na.omit(x)
  a <- quiet(alpha(x, check.keys = FALSE, warnings = FALSE))
  n <- nrow(x); k <- ncol(x); al <- a$total$raw_alpha
  list(alpha = al, standardized = a$total$std.alpha, average_r = a$total$average_r, n = n,
       ci_low = 1 - (1 - al) * qf(.975, n - 1, (n - 1) * (k - 1)), ci_high = 1 - (1 - al) * qf(.025, n - 1, (n - 1) * (k - 1)),
       r_corrected = num(a$item.stats$r.drop), alpha_if_dropped = num(a$alpha.drop$raw_alpha), mean = num(a$item.stats$mean))
}
out$alpha <- list(ordinal = rel(o[q]), listwise = rel(m[q]), pairwise = rel(m[q], FALSE), small = rel(s[paste0("x", 1:4)]))
des <- svydesign(~1, weights = ~w, data = o)
out$alpha$weighted <- as.numeric(svycralpha(~q1+q2+q3+q4+q5+q6+q7+q8+q9, des))
om <- quiet(omega(o[q], nfactors = 3, fm = "minres", rotate = "oblimin", plot = FALSE, flip = FALSE))
out$omega <- list(total = om$omega.tot, hierarchical = om$omega_h)
R <- cor(o[q]); C <- cov(o[q])
out$guttman <- { k <- 9; V <- sum(C); l1 <- 1 - sum(diag(C)) / V
  list(lambda1 = l1, lambda2 = l1 + sqrt(k / (k - 1) * (sum(C^2) - sum(diag(C)^2))) / V, lambda6 = 1 - sum(1 / diag(solve(C))) / V) }
odd <- rowSums(o[q[c(1, 3, 5, 7, 9)]]); even <- rowSums(o[q[c(2, 4, 6, 8)]])
out$split_half <- list(r = cor(odd, even), spearman_brown = 2 * cor(odd, even) / (1 + cor(odd, even)),
                       guttman = 2 * (1 - (var(odd) + var(even)) / var(odd + even)))

# ---- polychoric, factor analysis ----
lc <- function(x) { L <- lavCor(x, ordered = names(x), estimator = "two.step", se = "standard", output = "fit"); lavInspect(L, "cor.ov") }
out$polychoric <- list(ordinal = unclass(lc(o[q]))[q, q], listwise = unclass(lc(na.omit(m[q])))[q, q])
P <- out$polychoric$ordinal
out$ordinal_alpha <- 9 / 8 * (1 - 9 / sum(P))
kx <- KMO(R); bx <- cortest.bartlett(R, n = 400)
out$kmo <- list(overall = kx$MSA, items = num(kx$MSAi)); out$bartlett <- list(chi_square = bx$chisq, p_value = bx$p.value)
fa3 <- function(fm, rot) { f <- quiet(fa(o[q], 3, fm = fm, rotate = rot)); L <- unclass(f$loadings)
  L <- L %*% diag(ifelse(colSums(L) < 0, -1, 1)); list(communality = num(f$communality), loadings = L, rmsr = f$rms, chi_square = f$STATISTIC, tli = f$TLI, df = f$dof) }
out$efa <- list(minres_oblimin = fa3("minres", "oblimin"), ml_varimax = fa3("ml", "varimax"), paf_none = fa3("pa", "none"))
out$map <- list(map = num(quiet(vss(o[q], n = 5, plot = FALSE))$map))

# ---- confirmatory factor analysis ----
model <- "A =~ q1+q2+q3\nB =~ q4+q5+q6\nC =~ q7+q8+q9"
tight <- list(control = list(rel.tol = 1e-13, iter.max = 10000), optim.force.converged = TRUE)
one <- function(data, ...) {
  f <- quiet(do.call("cfa", c(list(model, data = data, ...), if (is.null(list(...)$ordered)) tight)))
  fm <- fitMeasures(f); pe <- parameterEstimates(f); ss <- standardizedSolution(f); l <- pe$op == "=~"
  keep <- intersect(c("npar", "chisq", "df", "pvalue", "chisq.scaled", "pvalue.scaled", "baseline.chisq", "cfi", "tli", "cfi.robust", "tli.robust",
    "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.robust", "rmsea.scaled", "cfi.scaled", "srmr", "rmr", "logl", "aic", "bic", "bic2", "gfi", "agfi", "pgfi", "nfi", "nnfi", "ifi",
    "rfi", "rni", "pnfi", "ecvi", "mfi", "rmr_nomean", "cn_05", "cn_01"), names(fm))
  list(fit = num(unclass(fm)[keep]), loadings = pe$est[l], se = pe$se[l], standardized = ss$est.std[ss$op == "=~"], standardized_se = ss$se[ss$op == "=~"])
}
out$cfa <- list(ML = one(o), MLR = one(o, estimator = "MLR"), FIML = one(m, missing = "ml"), listwise = one(m),
  WLSMV = one(o, ordered = q), weighted = one(o, sampling.weights = "w", estimator = "MLR"),
  wishart = one(o, likelihood = "wishart"), groups = one(o, group = "office"),
  metric = one(o, group = "office", group.equal = "loadings"), scalar = one(o, group = "office", group.equal = c("loadings", "intercepts")))
f <- cfa(model, o); ss <- standardizedSolution(f); L <- split(ss$est.std[ss$op == "=~"], ss$lhs[ss$op == "=~"])
out$validity <- list(composite_reliability = num(sapply(L, function(l) sum(l)^2 / (sum(l)^2 + sum(1 - l^2)))), ave = num(sapply(L, function(l) mean(l^2))),
  factor_correlations = unclass(lavInspect(f, "cor.lv")), htmt = unclass(quiet(semTools::htmt(model, o, htmt2 = FALSE))), htmt2 = unclass(quiet(semTools::htmt(model, o, htmt2 = TRUE))))
e <- eigen(R)$values; out$common_method <- list(component_share = e[1] / 9)
out$vif <- num(diag(solve(R)))

# ---- groups and criteria ----
t2 <- t.test(q1 ~ office, o); o$third <- factor(o$overall > 3 , labels = c("no", "yes")); one3 <- oneway.test(q1 ~ q2, o[o$q2 > 1, ])
g <- split(o$q1, o$office); pooled <- sqrt(((length(g[[1]]) - 1) * var(g[[1]]) + (length(g[[2]]) - 1) * var(g[[2]])) / (398))
J <- exp(lgamma(398 / 2) - lgamma(397 / 2)) / sqrt(398 / 2)
out$known_groups <- list(statistic = t2$statistic[[1]], df = t2$parameter[[1]], p_value = t2$p.value, ci = t2$conf.int[1:2], hedges_g = J * (mean(g[[1]]) - mean(g[[2]])) / pooled,
  welch_f = one3$statistic[[1]], welch_df2 = one3$parameter[[2]], welch_p = one3$p.value)
ct <- cor.test(s$x3, s$y); sp <- cor(s$x3, s$y, method = "spearman")
out$criterion <- list(r = ct$estimate[[1]], ci = ct$conf.int[1:2], p_value = ct$p.value, spearman = sp)
rt <- cor.test(r$first, r$second); out$retest <- list(r = rt$estimate[[1]], ci = rt$conf.int[1:2], icc2 = quiet(ICC(cbind(r$first, r$second), lmer = FALSE))$results$ICC[2], sem = sd(r$second - r$first) / sqrt(2))

# ---- raters ----
ic <- quiet(ICC(r[paste0("r", 1:4)], lmer = FALSE))$results
out$icc <- list(icc = ic$ICC, f = ic$F, lower = ic$`lower bound`, upper = ic$`upper bound`)
ck <- cohen.kappa(r[c("r1", "r2")]); out$cohen <- list(unweighted = ck$kappa, quadratic = ck$weighted.kappa, confid = unclass(ck$confid))
fleiss <- function(x) { cats <- sort(unique(as.vector(x))); T <- t(apply(x, 1, function(z) table(factor(z, cats)))); m <- ncol(x); n <- nrow(x); pj <- colSums(T) / (n * m)
  Pi <- (rowSums(T^2) - m) / (m * (m - 1)); k <- (mean(Pi) - sum(pj^2)) / (1 - sum(pj^2)); qj <- pj * (1 - pj)
  se0 <- sqrt(2 * (sum(qj)^2 - sum(qj * (1 - 2 * pj))) / (sum(qj)^2 * n * m * (m - 1))); c(kappa = k, z = k / se0) }
out$fleiss <- num(fleiss(as.matrix(r[paste0("r", 1:4)])))
pairs <- combn(4, 2); out$light <- mean(apply(pairs, 2, function(i) cohen.kappa(r[paste0("r", i)])$kappa))
kripp <- function(x, level) { vals <- sort(unique(na.omit(as.vector(x)))); cm <- matrix(0, length(vals), length(vals))
  for (u in seq_len(nrow(x))) { z <- na.omit(x[u, ]); if (length(z) < 2) next; for (i in seq_along(z)) for (j in seq_along(z)) if (i != j) { a <- match(z[i], vals); b <- match(z[j], vals); cm[a, b] <- cm[a, b] + 1 / (length(z) - 1) } }
  n <- rowSums(cm); N <- sum(n); d <- outer(seq_along(vals), seq_along(vals), Vectorize(function(a, b) switch(level, nominal = as.numeric(a != b), interval = (vals[a] - vals[b])^2,
    ordinal = (sum(n[min(a, b):max(a, b)]) - (n[a] + n[b]) / 2)^2))); 1 - sum(cm * d) / N / (sum(outer(n, n) * d) / (N * (N - 1))) }
gaps <- as.matrix(r[c("r1", "r2", "r3", "r4_gaps")]); out$krippendorff <- lapply(c(nominal = "nominal", ordinal = "ordinal", interval = "interval"), function(l) kripp(gaps, l))
kw <- { x <- as.matrix(r[paste0("r", 1:4)]); rk <- apply(x, 2, rank); n <- 40; mm <- 4; S <- sum((rowSums(rk) - mean(rowSums(rk)))^2); T <- sum(apply(x, 2, function(z) sum(table(z)^3 - table(z)))); 12 * S / (mm^2 * (n^3 - n) - mm * T) }
out$kendall <- kw

# ---- drivers ----
D <- o[c(q[1:5], "overall")]; fit <- summary(lm(overall ~ ., D)); r2 <- function(x) if (length(x)) summary(lm(D$overall ~ ., D[x]))$r.squared else 0
lmg <- sapply(1:5, function(j) { rest <- setdiff(1:5, j); tot <- 0; for (k in 0:4) { w <- factorial(k) * factorial(4 - k) / factorial(5); for (i in if (k) asplit(combn(rest, k), 2) else list(integer())) tot <- tot + w * (r2(c(i, j)) - r2(i)) }; tot })
X <- scale(D[1:5]); sv <- svd(X); Z <- sv$u %*% t(sv$v); lam <- sv$v %*% diag(sv$d) %*% t(sv$v) / sqrt(399); bz <- coef(lm(scale(D$overall) ~ 0 + I(Z * sqrt(399)))); johnson <- as.vector(lam^2 %*% bz^2)
sc <- as.data.frame(scale(D)); out$importance <- list(correlation = num(cor(D)[1:5, 6]), beta = num(coef(lm(overall ~ 0 + ., sc))), lmg = lmg, johnson = johnson, r_squared = fit$r.squared,
  first = num(cor(D)[1:5, 6]^2), last = sapply(1:5, function(j) fit$r.squared - r2(setdiff(1:5, j))), correlation_ci = cor.test(D$q1, D$overall)$conf.int[1:2])
pr <- { low <- sapply(D[1:3], function(x) as.numeric(x <= 2)); high <- sapply(D[1:3], function(x) as.numeric(x >= 4)); mm <- lm(D$overall ~ low + high); X <- model.matrix(mm); h <- hatvalues(mm)
  V <- solve(t(X) %*% X) %*% (t(X) %*% (X * (resid(mm) / (1 - h))^2)) %*% solve(t(X) %*% X); list(coefficients = num(unname(coef(mm))), se = sqrt(unname(diag(V)))) }
out$penalty_reward <- pr

# ---- PLS path model, written out: path weighting, mode A, standardised items ----
pls <- function(X, blocks, arrows, tol = 1e-14) { X <- scale(X) * sqrt(nrow(X) / (nrow(X) - 1)); n <- nrow(X); J <- length(blocks); W <- lapply(blocks, function(b) rep(1, length(b)))
  unit <- function(y) y / sqrt(mean(y^2))
  for (it in 1:5000) { Y <- sapply(1:J, function(j) unit(X[, blocks[[j]], drop = FALSE] %*% W[[j]])); E <- matrix(0, J, J); Rr <- crossprod(Y) / n
    for (j in 1:J) { pred <- arrows[arrows[, 2] == j, 1]; succ <- arrows[arrows[, 1] == j, 2]; if (length(pred)) E[pred, j] <- solve(Rr[pred, pred], Rr[pred, j]); if (length(succ)) E[succ, j] <- Rr[succ, j] }
    Zi <- Y %*% E; Wn <- lapply(1:J, function(j) as.vector(crossprod(X[, blocks[[j]], drop = FALSE], Zi[, j]) / n)); Wn <- lapply(1:J, function(j) Wn[[j]] / sqrt(mean((X[, blocks[[j]], drop = FALSE] %*% Wn[[j]])^2)))
    d <- max(abs(unlist(Wn) - unlist(W))); W <- Wn; if (d < tol) break }
  Y <- sapply(1:J, function(j) X[, blocks[[j]], drop = FALSE] %*% W[[j]]); Rr <- crossprod(Y) / n
  list(weights = unlist(W), loadings = unlist(lapply(1:J, function(j) as.vector(crossprod(X[, blocks[[j]]], Y[, j]) / n))), correlations = Rr,
    paths = apply(arrows, 1, function(a) { pred <- arrows[arrows[, 2] == a[2], 1]; solve(Rr[pred, pred], Rr[pred, a[2]])[match(a[1], pred)] }),
    r_squared = sapply(2:J, function(j) { pred <- arrows[arrows[, 2] == j, 1]; sum(solve(Rr[pred, pred], Rr[pred, j]) * Rr[pred, j]) })) }
out$pls <- pls(as.matrix(p), list(1:4, 5:6, 7:9, 10:11), rbind(c(1, 2), c(1, 3), c(2, 3), c(3, 4)))

# ---- survey designs ----
designs <- list(full = svydesign(~cluster, strata = ~stratum, weights = ~w, fpc = ~fpc, data = v, nest = TRUE), with_replacement = svydesign(~cluster, strata = ~stratum, weights = ~w, data = v, nest = TRUE),
  strata = svydesign(~1, strata = ~stratum, weights = ~w, data = v), weights = svydesign(~1, weights = ~w, data = v))
est <- function(x, d) { ci <- confint(x, df = degf(d)); list(estimate = as.numeric(coef(x)), se = as.numeric(SE(x)), low = ci[, 1], high = ci[, 2]) }
out$survey <- lapply(designs, function(d) { d <- update(d, x = score, z = ifelse(is.na(score), NA, 1)); dd <- subset(d, !is.na(score)); degf0 <- degf(d); at <- function(x, dd) { ci <- confint(x, df = degf0); list(estimate = as.numeric(coef(x)), se = as.numeric(SE(x)), low = as.numeric(ci[, 1]), high = as.numeric(ci[, 2])) }
  list(df = degf0, mean = at(svymean(~score, d, na.rm = TRUE)), total = at(svytotal(~age, d)), ratio = at(svyratio(~hit, ~age, d)), by = as.list(svyby(~age, ~group, d, svymean)[, 2:3]),
    mean_deff = as.numeric(deff(svymean(~age, d, deff = "replace"))), variance = as.numeric(svyvar(~age, d)),
    ciprop = sapply(c("logit", "likelihood", "beta", "mean", "asin", "xlogit"), function(k) as.numeric(attr(quiet(svyciprop(~hit, d, method = k)), "ci")), simplify = FALSE),
    median = as.numeric(coef(svyquantile(~age, d, .5, qrule = "math"))), chisq = { c1 <- svychisq(~hit + group, d); list(statistic = c1$statistic[[1]], p_value = c1$p.value[[1]]) },
    ttest = { t1 <- svyttest(age ~ sex, d); list(statistic = t1$statistic[[1]], p_value = t1$p.value[[1]]) },
    ranktest = { t1 <- svyranktest(age ~ sex, d); list(statistic = abs(t1$statistic[[1]]), p_value = t1$p.value[[1]]) },
    glm = { g1 <- summary(svyglm(age ~ hit + sex, d)); list(coef = as.numeric(g1$coefficients[, 1]), se = as.numeric(g1$coefficients[, 2])) },
    logit = { g1 <- summary(quiet(svyglm(hit ~ age, d, family = quasibinomial))); list(coef = as.numeric(g1$coefficients[, 1]), se = as.numeric(g1$coefficients[, 2])) }) })
jk <- as.svrepdesign(designs$with_replacement, type = "JKn"); out$jackknife <- list(mean = as.numeric(coef(svymean(~age, jk))), se = as.numeric(SE(svymean(~age, jk))))
sex <- data.frame(sex = c("f", "m"), Freq = c(1900, 2100)); grp <- data.frame(group = c("a", "b", "c"), Freq = c(1900, 1500, 600))
rk <- rake(designs$weights, list(~sex, ~group), list(sex, grp), control = list(maxit = 200, epsilon = 1e-12)); ps <- postStratify(designs$strata, ~group, grp)
cl <- calibrate(designs$weights, ~sex + age, c(`(Intercept)` = 4000, sexm = 2100, age = 4000 * 48)); cr <- calibrate(designs$weights, ~sex + age, c(`(Intercept)` = 4000, sexm = 2100, age = 4000 * 48), calfun = "raking", epsilon = 1e-12)
wt <- function(d) list(weights = as.numeric(weights(d))[c(1, 50, 100)], mean = as.numeric(coef(svymean(~hit, d))), se = as.numeric(SE(svymean(~hit, d))))
out$weighting <- list(rake = wt(rk), post_stratify = wt(ps), linear = wt(cl), raking = wt(cr))
v0 <- v; v0$never <- 0; out$binom0 <- binom.test(0, nrow(v0))$conf.int[2]
out$provenance <- list(r = R.version.string, packages = num(numeric()), versions = sapply(c("psych", "lavaan", "survey", "semTools", "GPArotation"), function(x) as.character(packageVersion(x))),
  data = "generate.py (beside this file); nobody's answers", script = "reference.R (beside this file)")
out$provenance$versions <- as.list(out$provenance$versions); out$provenance$packages <- NULL
write_json(out, "reference.json", digits = I(14), auto_unbox = TRUE, na = "null", pretty = 1)
