//! The restricted picklists of time zones, locales, languages and encodings, which the notation does not spell out.

use crate::model::{FieldDef, ObjectDef, Picklist};

/// "Supported Locales", Salesforce Help.
const LOCALES: &str = "af_ZA am_ET ar_AE ar_BH ar_DZ ar_EG ar_IQ ar_JO ar_KW ar_LB ar_LY ar_MA ar_OM ar_QA ar_SA ar_SD ar_SY \
    ar_TN ar_YE az_AZ be_BY bg_BG bn_BD bn_IN bs_BA ca_ES ca_ES_EURO cs_CZ cy_GB da_DK de_AT de_AT_EURO de_BE de_CH de_DE \
    de_DE_EURO de_LI de_LU de_LU_EURO dz_BT el_CY el_GR en_AE en_AG en_AI en_AT en_AU en_BB en_BE en_BM en_BS en_BW en_BZ en_CA \
    en_CM en_CY en_DE en_ER en_FJ en_FK en_GB en_GG en_GH en_GI en_GM en_GY en_HK en_ID en_IE en_IE_EURO en_IL en_IM en_IN en_IT \
    en_JE en_JM en_KE en_KY en_LR en_MG en_MT en_MU en_MW en_MY en_NA en_NG en_NL en_NZ en_PG en_PH en_PK en_RW en_SB en_SC en_SG \
    en_SH en_SL en_SX en_SZ en_TO en_TT en_TZ en_UG en_US en_VC en_VU en_WS en_ZA en_ZM eo_001 es_AR es_BO es_CL es_CO es_CR es_CU \
    es_DO es_EC es_ES es_ES_EURO es_GT es_HN es_MX es_NI es_PA es_PE es_PR es_PY es_SV es_US es_UY es_VE et_EE eu_ES fa_IR fi_FI \
    fi_FI_EURO fr_BE fr_CA fr_CH fr_FR fr_FR_EURO fr_GN fr_HT fr_KM fr_LU fr_MA fr_MC fr_MR fr_MU fr_WF ga_IE gu_IN ha_NG haw_US \
    hi_IN hmn_US hr_HR ht_HT ht_US hu_HU hy_AM in_ID is_IS it_CH it_IT iw_IL ja_JP ji_US ka_GE kk_KZ kl_GL km_KH kn_IN ko_KP ko_KR \
    ky_KG lb_LU lo_LA lt_LT lv_LV mi_NZ mk_MK ml_IN mr_IN ms_BN ms_MY mt_MT my_MM ne_NP nl_AW nl_BE nl_NL nl_SR no_NO ny_MW pa_IN \
    pl_PL ps_AF pt_AO pt_BR pt_CV pt_MZ pt_PT pt_ST rm_CH rn_BI ro_MD ro_RO ru_AM ru_BY ru_KG ru_KZ ru_LT ru_MD ru_PL ru_RU ru_UA \
    rw_RW sh_BA sh_CS sh_ME sk_SK sl_SI sm_US sm_WS so_DJ so_SO sq_AL sr_BA sr_CS sr_RS su_ID sv_SE sw_KE ta_IN ta_LK te_IN tg_TJ \
    th_TH ti_ET tl_PH to_TO tr_TR uk_UA ur_PK uz_LATN_UZ vi_VN xh_ZA yo_BJ zh_CN zh_CN_PINYIN zh_CN_STROKE zh_HK zh_HK_STROKE \
    zh_MO zh_MY zh_SG zh_TW zh_TW_STROKE zu_ZA";

/// "Supported Languages", Salesforce Help: fully supported, end-user and platform-only ones.
const LANGUAGES: &str = "en_US de es fr it ja sv ko zh_TW zh_CN pt_BR nl_NL da th fi ru es_MX no hu pl cs tr in ro vi uk iw el bg \
    en_GB ar sk pt_PT hr sl fr_CA ka sr sh en_AU en_MY en_IN en_PH en_CA ro_MD bs mk lv lt et sq sh_ME mt ga eu cy is ms tl lb rm \
    hy hi ur bn de_AT de_CH es_AR es_BO es_CL es_CO es_CR es_DO es_EC es_SV es_GT es_HN es_NI es_PA es_PY es_PE es_PR es_US es_UY \
    es_VE ca fr_BE fr_LU fr_CH it_CH pt_AO en_IE en_NZ en_SG en_ZA en_HK zh_HK zh_SG zh_MY nl_BE kk ta te mr gu kn ml pa th_TH \
    ar_DZ ar_BH ar_EG ar_IQ ar_JO ar_KW ar_LB ar_LY ar_MA ar_OM ar_QA ar_SA ar_SD ar_SY ar_TN ar_AE ar_YE fa af sw zu xh my km eo";

/// "User", Object Reference.
const ENCODINGS: &str =
    "UTF-8 ISO-8859-1 Shift_JIS ISO-2022-JP EUC-JP ks_c_5601-1987 Big5 GB2312 Big5-HKSCS x-SJIS_0213";

/// Gives their values to all fields that tell where somebody lives. Time zones are those of a recorded describe.
pub(super) fn add(objects: &mut [ObjectDef]) {
    let recorded = objects.iter().flat_map(|object| &object.fields);
    let zones = recorded
        .filter(|field| field.name == "RecurrenceTimeZoneSidKey")
        .map(|field| field.picklist_values.clone())
        .max_by_key(Vec::len)
        .unwrap_or_default();
    let (locales, languages, encodings) = (listed(LOCALES), listed(LANGUAGES), listed(ENCODINGS));
    for field in objects.iter_mut().flat_map(|object| &mut object.fields) {
        match field.name.as_str() {
            "TimeZoneSidKey" | "TimeZone" | "RecurrenceTimeZoneSidKey" => restrict(field, &zones),
            "LocaleSidKey" | "DefaultLocaleSidKey" => restrict(field, &locales),
            "LanguageLocaleKey" => restrict(field, &languages),
            "EmailEncodingKey" => restrict(field, &encodings),
            _ => {}
        }
    }
}

fn restrict(field: &mut FieldDef, values: &[Picklist]) {
    let default = field.picklist_values.iter().find(|held| held.default_value).map(|held| held.value.clone());
    field.picklist_values = values.to_vec();
    for held in &mut field.picklist_values {
        held.default_value = Some(&held.value) == default.as_ref();
    }
    field.restricted_picklist = true;
}

fn listed(values: &str) -> Vec<Picklist> {
    let value = |value: &str| Picklist {
        active: true,
        default_value: false,
        label: value.to_owned(),
        valid_for: None,
        value: value.to_owned(),
    };
    values.split_whitespace().map(value).collect()
}
