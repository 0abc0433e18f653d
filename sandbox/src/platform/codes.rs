//! The platform's error codes, their messages, and refusals.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The error of a refused call: a code, and for parameter errors the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    field: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
}

/// The language of `msg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The language of the `Language` header; English by default.
    pub(crate) fn from_header(value: Option<&str>) -> Self {
        match value {
            Some("zh_CN") => Self::Chinese,
            _ => Self::English,
        }
    }
}

/// The balance is too low for a transfer. The platform documents only that 3xxx are account errors; the number is
/// inferred.
pub(crate) const INSUFFICIENT_BALANCE: i64 = 3001;

/// The consumption's status does not allow the call. The platform documents only that 4xxx are card and transaction
/// errors; the number is inferred.
pub(crate) const CONSUMPTION_STATUS: i64 = 4006;

/// The known codes, each with its English and its Chinese message.
const MESSAGES: [(i64, &str, &str); 40] = [
    (0, "success", "成功"),
    (1001, "system error, please try again later", "系统错误，请稍后重试"),
    (1002, "Api-Key is missing", "缺少 Api-Key"),
    (1003, "IP address not allowed", "IP 地址不允许访问"),
    (1004, "invalid parameter", "参数错误"),
    (1005, "timestamp is invalid or expired", "时间戳无效或已过期"),
    (1006, "Access-Token is missing", "缺少 Access-Token"),
    (1007, "Access-Token is invalid or expired", "Access-Token 无效或已过期"),
    (1008, "Api-Key does not exist", "Api-Key 不存在"),
    (1009, "too many requests, please try again later", "请求过于频繁，请稍后重试"),
    (1010, "Api-Key is not enabled", "Api-Key 未启用"),
    (1011, "Api-Key has expired", "Api-Key 已过期"),
    (1012, "the merchant's mode does not support this call", "当前商户模式不支持此接口"),
    (1013, "PCI display is not enabled", "未开通 PCI 展示"),
    (1014, "client token is invalid or already used", "客户端令牌无效或已使用"),
    (1015, "parent page origin is not whitelisted", "父页面来源不在白名单内"),
    (1016, "origin does not match the hosted configuration", "来源与托管配置不匹配"),
    (1017, "replayed request, nonce already used", "重放请求，nonce 已使用"),
    (1018, "Sec-Fetch check failed", "Sec-Fetch 校验失败"),
    (1019, "end time must be after start time", "结束时间必须晚于开始时间"),
    (1020, "time range is too long", "时间范围过长"),
    (1021, "merchant does not exist", "商户不存在"),
    (1022, "merchant status is abnormal", "商户状态异常"),
    (2001, "cardholder already exists", "持卡人已存在"),
    (2002, "cardholder does not exist", "持卡人不存在"),
    (2003, "cardholder is already verified", "持卡人已通过认证"),
    (2004, "verification of the cardholder is pending", "持卡人认证处理中"),
    (2005, "verification of the cardholder failed", "持卡人认证未通过"),
    (2006, "KYC information is not available", "无法获取 KYC 信息"),
    (2007, "contains characters that are not allowed", "包含不允许的字符"),
    (2008, "only supports English input", "仅支持英文"),
    (2009, "is not a supported country", "国家不支持"),
    (2010, "does not match the country", "邮政编码不匹配"),
    (2011, "cardholder unique number does not match", "持卡人唯一编号不匹配"),
    (INSUFFICIENT_BALANCE, "insufficient balance", "余额不足"),
    (4005, "the card's status does not allow this", "卡状态不允许此操作"),
    (CONSUMPTION_STATUS, "the consumption's status does not allow this", "消费状态不允许此操作"),
    (4010, "parameter does not match", "参数不匹配"),
    (4016, "the PIN breaks the PIN rule", "PIN 不符合规则"),
    (4017, "not supported for virtual cards", "虚拟卡不支持此操作"),
];

/// The HTTP status of a code under [`HttpStatuses::Strict`](crate::HttpStatuses::Strict): the platform lists 400 for
/// format and parameters, 401 for an invalid Api-Key or Access-Token, 403 for "IP not in the whitelist and the like", and
/// 500. Which code has which status is inferred; business errors keep 200.
pub(crate) const fn strict_status(code: i64) -> u16 {
    match code {
        1002 | 1006..=1008 | 1010 | 1011 | 1014 => 401,
        1003 | 1012 | 1013 | 1015..=1018 | 1021 | 1022 => 403,
        1004 | 1005 | 1019 | 1020 | 2007..=2010 | 4010 | 4016 => 400,
        1001 => 500,
        _ => 200,
    }
}

impl Refusal {
    /// A refusal without a field.
    pub(crate) const fn code(code: i64) -> Self {
        Self { code, field: None, detail: None }
    }

    /// A refusal that names a field: 2007 to 2010. The platform's example has no path here (`city only supports English
    /// input`), unlike 1004 (`address_info.city invalid parameter`).
    pub(crate) const fn field(code: i64, field: &'static str) -> Self {
        Self { code, field: Some(Cow::Borrowed(field)), detail: None }
    }

    /// A refusal with code 1004 that names the field and the rule that it breaks.
    pub(crate) fn parameter(field: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code: 1004, field: Some(field.into()), detail: Some(detail.into()) }
    }

    /// A refusal with code 4010, whose message ends with the name of the field.
    pub(crate) const fn mismatch(field: &'static str) -> Self {
        Self::field(4010, field)
    }

    /// The text of `msg`.
    pub(crate) fn message(&self, language: Language) -> String {
        let common = common_message(self.code, language);
        match (self.code, &self.field) {
            (4010, Some(field)) => format!("{common}: {field}"),
            (_, Some(field)) => {
                let mut text = format!("{field} {common}");
                if let Some(detail) = &self.detail {
                    // The detail is for developers and stays English.
                    let _ = write!(text, ": {detail}");
                }
                text
            }
            (_, None) => common.to_owned(),
        }
    }
}

/// The message of a code without its field. A fault may use codes that are not in the table.
fn common_message(code: i64, language: Language) -> &'static str {
    let (english, chinese) = MESSAGES
        .iter()
        .find(|(known, ..)| *known == code)
        .map_or(("error", "错误"), |(_, english, chinese)| (*english, *chinese));
    match language {
        Language::English => english,
        Language::Chinese => chinese,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_precedes_the_description_except_for_4010() {
        let refusal = Refusal::parameter("card_no", "is required");
        assert_eq!("card_no invalid parameter: is required", refusal.message(Language::English));
        assert_eq!("card_no 参数错误: is required", refusal.message(Language::Chinese));
        assert_eq!("parameter does not match: cvv", Refusal::mismatch("cvv").message(Language::English));
    }

    #[test]
    fn every_code_has_one_message_in_both_languages() {
        for (at, (code, english, chinese)) in MESSAGES.iter().enumerate() {
            assert!(!english.is_empty() && !chinese.is_ascii(), "{code}");
            assert!(MESSAGES[at + 1..].iter().all(|(other, ..)| other != code), "{code} twice");
        }
    }
}
