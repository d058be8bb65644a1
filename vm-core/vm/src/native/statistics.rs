//! The module `_statistics`: the inverse of the normal distribution.

use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::types::float;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

/// Coefficients of Wichura's algorithm AS 241 (PPND16), highest power first: numerator and
/// denominator for the middle, for the tails, and for the far tails.
#[allow(clippy::excessive_precision)] // As published.
const MIDDLE: [[f64; 8]; 2] = [
    [
        2.5090809287301226727e3,
        3.3430575583588128105e4,
        6.7265770927008700853e4,
        4.5921953931549871457e4,
        1.3731693765509461125e4,
        1.9715909503065514427e3,
        1.3314166789178437745e2,
        3.3871328727963666080e0,
    ],
    [
        5.2264952788528545610e3,
        2.8729085735721942674e4,
        3.9307895800092710610e4,
        2.1213794301586595867e4,
        5.3941960214247511077e3,
        6.8718700749205790830e2,
        4.2313330701600911252e1,
        1.0,
    ],
];
#[allow(clippy::excessive_precision)] // As published.
const TAIL: [[f64; 8]; 2] = [
    [
        7.74545014278341407640e-4,
        2.27238449892691845833e-2,
        2.41780725177450611770e-1,
        1.27045825245236838258e0,
        3.64784832476320460504e0,
        5.76949722146069140550e0,
        4.63033784615654529590e0,
        1.42343711074968357734e0,
    ],
    [
        1.05075007164441684324e-9,
        5.47593808499534494600e-4,
        1.51986665636164571966e-2,
        1.48103976427480074590e-1,
        6.89767334985100004550e-1,
        1.67638483018380384940e0,
        2.05319162663775882187e0,
        1.0,
    ],
];
#[allow(clippy::excessive_precision)] // As published.
const FAR_TAIL: [[f64; 8]; 2] = [
    [
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        1.24266094738807843860e-3,
        2.65321895265761230930e-2,
        2.96560571828504891230e-1,
        1.78482653991729133580e0,
        5.46378491116411436990e0,
        6.65790464350110377720e0,
    ],
    [
        2.04426310338993978564e-15,
        1.42151175831644588870e-7,
        1.84631831751005468180e-5,
        7.86869131145613259100e-4,
        1.48753612908506148525e-2,
        1.36929880922735805310e-1,
        5.99832206555887937690e-1,
        1.0,
    ],
];

fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

fn quotient([numerator, denominator]: &[[f64; 8]; 2], x: f64) -> f64 {
    polynomial(numerator, x) / polynomial(denominator, x)
}

/// The value below which a normally distributed one falls with probability `p`.
fn inverse(p: f64, mu: f64, sigma: f64) -> Option<f64> {
    if p <= 0.0 || p >= 1.0 {
        return None;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        let [numerator, denominator] = &MIDDLE;
        return Some(mu + (polynomial(numerator, r) * q / polynomial(denominator, r)) * sigma);
    }
    let r = (-(if q <= 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let x = if r <= 5.0 { quotient(&TAIL, r - 1.6) } else { quotient(&FAR_TAIL, r - 5.0) };
    let x = if q < 0.0 { -x } else { x };
    Some(mu + x * sigma)
}

fn normal_dist_inv_cdf(vm: &Vm, a: &[Value]) -> PyResult {
    let [p, mu, sigma] = [a[1], a[2], a[3]].map(|v| float::as_f64(vm, v));
    match inverse(p?, mu?, sigma?) {
        Some(x) => Ok(vm.new_float(x)),
        None => Err(vm.value_error("inv_cdf undefined for these parameters")),
    }
}

pub static MODULE: ModuleDef = ModuleDef::new(
    "_statistics",
    "Accelerators for the statistics module.\n",
    &[MethodDef::new("_normal_dist_inv_cdf", "($module, p, mu, sigma, /)", normal_dist_inv_cdf, "")],
);

#[cfg(test)]
mod tests {
    use super::inverse;

    #[test]
    fn known_quantiles() {
        assert_eq!(inverse(0.5, 3.0, 2.0), Some(3.0));
        let x = inverse(0.975, 0.0, 1.0).unwrap_or_default();
        assert!((x - 1.959963984540054).abs() < 1e-14);
        assert_eq!(inverse(0.0, 0.0, 1.0), None);
    }
}
