"""The words of each language for STOP, START and HELP, and what is answered to them. Data.

Sources: 47 CFR 64.1200(a)(10) names the English stop words; the carriers' own lists (channel reference section 3) add
STOPALL, OPTOUT, UNSTOP, INFO and the French ARRET that Canada requires. The others are the words that senders of these
countries print under their texts: RET and IPTAL in Turkey, TD and 退订 in China, SAIR in Brazil, BAJA in Spain and Latin
America, 配信停止 in Japan. A word that people also use as an ordinary answer stays out: "no", "fin", and
the plain words for "cancel" beside the English one, which the rule demands. A tenant may add its own.

Words are compared as `keywords.normal` writes them: without case, accents, punctuation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Family(NamedTuple):
    """The words of one language. `marketing`: no more advertising, all else may come."""

    stop: tuple[str, ...]
    marketing: tuple[str, ...]
    start: tuple[str, ...]
    help: tuple[str, ...]


class Answers(NamedTuple):
    """The one answer to each command, no marketing in it. `{brand}` is the sender's name."""

    stop: str
    marketing: str
    start: str
    help: str


# The words that Twilio acts on and answers by itself: English ones only.
CARRIER_WORDS = frozenset(
    [
        "stop",
        "stopall",
        "unsubscribe",
        "cancel",
        "end",
        "quit",
        "optout",
        "revoke",
        "start",
        "yes",
        "unstop",
        "help",
        "info",
    ]
)

FAMILIES: Mapping[str, Family] = {
    "en": Family(
        (
            "stop", "stopall", "stop all", "unsubscribe", "unsubscribe me", "cancel", "end", "quit", "optout",
            "opt out", "opt me out", "revoke", "remove", "remove me", "please stop", "stop please",
            "stop messages", "stop texting me",
        ),
        ("stop marketing", "stop ads", "stop promotions", "no ads", "no marketing"),
        ("start", "unstop"),
        ("help", "info"),
    ),
    "es": Family(
        ("baja", "alto", "parar", "detener", "cancelar suscripción", "darme de baja", "dar de baja"),
        ("no publicidad", "sin publicidad", "alto publicidad"),
        ("alta", "iniciar", "reanudar"),
        ("ayuda",),
    ),
    "fr": Family(
        (
            "arrêt", "arrêter", "arrêtez", "désabonner", "désabonnement", "se désabonner", "désinscription",
            "désinscrire", "stop sms",
        ),
        ("stop pub", "stop publicité", "pas de publicité"),
        ("reprendre", "réabonner"),
        ("aide",),
    ),
    "de": Family(
        ("stopp", "abmelden", "abbestellen", "austragen", "abmeldung"),
        ("keine werbung", "stopp werbung", "werbung stopp"),
        ("starten", "anmelden"),
        ("hilfe",),
    ),
    "pt": Family(
        ("sair", "pare", "cancelar inscrição", "descadastrar", "remover"),
        ("sem publicidade", "sem propaganda", "pare propaganda"),
        ("voltar", "retomar"),
        ("ajuda",),
    ),
    "it": Family(
        ("cancellami", "disiscrivi", "disiscrivimi", "annulla iscrizione", "basta", "ferma"),
        ("niente pubblicità", "basta pubblicità"),
        ("riprendi", "iscrivimi"),
        ("aiuto",),
    ),
    "nl": Family(
        ("stoppen", "afmelden", "uitschrijven", "meld me af"),
        ("geen reclame", "stop reclame"),
        ("hervatten", "aanmelden"),
        ("hulp",),
    ),
    "pl": Family(
        ("wypisz", "wypisz mnie", "rezygnuję", "rezygnacja", "zatrzymaj"),
        ("stop reklamom", "bez reklam"),
        ("wznów", "zapisz mnie"),
        ("pomoc",),
    ),
    "tr": Family(
        ("ret", "iptal", "dur", "durdur", "abonelikten çık", "çıkış"),
        ("reklam istemiyorum", "reklam iptal"),
        ("başlat", "devam et"),
        ("yardım",),
    ),
    "ar": Family(
        ("توقف", "أوقف", "إيقاف", "قف", "إلغاء الاشتراك", "الغ الاشتراك"),
        ("إيقاف الإعلانات", "بدون إعلانات"),
        ("ابدأ", "اشتراك", "استئناف"),
        ("مساعدة", "المساعدة"),
    ),
    "hi": Family(
        ("बंद", "बंद करें", "बंद करो", "रोकें", "रोको", "सदस्यता रद्द करें"),
        ("विज्ञापन बंद", "विज्ञापन बंद करें"),
        ("शुरू", "शुरू करें", "चालू"),
        ("मदद", "सहायता"),
    ),
    "id": Family(
        ("berhenti", "hentikan", "batal langganan", "berhenti langganan"),
        ("stop iklan", "berhenti iklan"),
        ("mulai", "lanjutkan"),
        ("bantuan",),
    ),
    "ru": Family(
        ("стоп", "отписаться", "отписка", "отпишите", "прекратить"),
        ("без рекламы", "стоп реклама", "отказ от рекламы"),
        ("старт", "подписаться", "возобновить"),
        ("помощь", "справка"),
    ),
    "ja": Family(
        ("ストップ", "配信停止", "解除", "登録解除", "退会", "配信解除"),
        ("広告停止", "広告不要"),
        ("再開", "配信再開", "登録"),
        ("ヘルプ",),
    ),
    "zh": Family(
        ("退订", "退訂", "取消订阅", "取消訂閱", "停止", "td"),
        ("拒收广告", "停止广告", "拒收廣告", "停止廣告"),
        ("订阅", "訂閱", "恢复", "恢復"),
        ("帮助", "幫助", "说明", "說明"),
    ),
}  # fmt: skip

ANSWERS: Mapping[str, Answers] = {
    "en": Answers(
        "{brand}: you are unsubscribed and will get no more messages. Reply START to subscribe again.",
        "{brand}: you will get no more advertising from us. Reply STOP to end all messages, START to undo.",
        "{brand}: you are subscribed again. Reply STOP to unsubscribe, HELP for help.",
        "{brand}: write to us here and a person will answer. Reply STOP to unsubscribe.",
    ),
    "es": Answers(
        "{brand}: te has dado de baja y no recibirás más mensajes. Responde ALTA para volver.",
        "{brand}: no recibirás más publicidad. Responde BAJA para no recibir nada más, ALTA para deshacerlo.",
        "{brand}: vuelves a estar de alta. Responde BAJA para darte de baja, AYUDA para ayuda.",
        "{brand}: escríbenos aquí y te responderá una persona. Responde BAJA para darte de baja.",
    ),
    "fr": Answers(
        "{brand} : vous êtes désabonné et ne recevrez plus de messages. Répondez REPRENDRE pour revenir.",
        "{brand} : plus de publicité de notre part. Répondez STOP pour tout arrêter, REPRENDRE pour annuler.",
        "{brand} : vous êtes de nouveau abonné. Répondez STOP pour vous désabonner, AIDE pour de l'aide.",
        "{brand} : écrivez-nous ici, une personne vous répondra. Répondez STOP pour vous désabonner.",
    ),
    "de": Answers(
        "{brand}: Sie sind abgemeldet und erhalten keine Nachrichten mehr. Mit START melden Sie sich wieder an.",
        "{brand}: Sie erhalten keine Werbung mehr. STOPP beendet alle Nachrichten, START macht es rückgängig.",
        "{brand}: Sie sind wieder angemeldet. Mit STOPP melden Sie sich ab, mit HILFE erhalten Sie Hilfe.",
        "{brand}: Schreiben Sie uns hier, ein Mensch antwortet Ihnen. Mit STOPP melden Sie sich ab.",
    ),
    "pt": Answers(
        "{brand}: a sua inscrição foi cancelada e não receberá mais mensagens. Responda VOLTAR para regressar.",
        "{brand}: não receberá mais publicidade. Responda SAIR para não receber nada mais, VOLTAR para desfazer.",
        "{brand}: a sua inscrição está ativa de novo. Responda SAIR para sair, AJUDA para ajuda.",
        "{brand}: escreva-nos aqui e uma pessoa responderá. Responda SAIR para sair.",
    ),
    "it": Answers(
        "{brand}: la tua iscrizione è annullata, non riceverai altri messaggi. Rispondi RIPRENDI per tornare.",
        "{brand}: non riceverai altra pubblicità. Rispondi STOP per fermare tutto, RIPRENDI per tornare.",
        "{brand}: sei di nuovo iscritto. Rispondi STOP per annullare, AIUTO per ricevere aiuto.",
        "{brand}: scrivici qui e ti risponderà una persona. Rispondi STOP per annullare l'iscrizione.",
    ),
    "nl": Answers(
        "{brand}: u bent afgemeld en krijgt geen berichten meer. Antwoord HERVATTEN om terug te komen.",
        "{brand}: u krijgt geen reclame meer. Antwoord STOP om alles te stoppen, HERVATTEN om terug te gaan.",
        "{brand}: u bent weer aangemeld. Antwoord STOP om u af te melden, HULP voor hulp.",
        "{brand}: schrijf ons hier en een mens antwoordt u. Antwoord STOP om u af te melden.",
    ),
    "pl": Answers(
        "{brand}: wypisano Cię, nie dostaniesz więcej wiadomości. Odpisz WZNÓW, aby wrócić.",
        "{brand}: nie dostaniesz więcej reklam. Odpisz STOP, aby zakończyć wszystko, WZNÓW, aby cofnąć.",
        "{brand}: znów jesteś na liście. Odpisz STOP, aby się wypisać, POMOC po pomoc.",
        "{brand}: napisz do nas tutaj, odpowie człowiek. Odpisz STOP, aby się wypisać.",
    ),
    "tr": Answers(
        "{brand}: aboneliğiniz sona erdi, artık mesaj almayacaksınız. Dönmek için BAŞLAT yazın.",
        "{brand}: artık reklam almayacaksınız. Hepsini durdurmak için RET, geri almak için BAŞLAT yazın.",
        "{brand}: yeniden abonesiniz. Çıkmak için RET, yardım için YARDIM yazın.",
        "{brand}: bize buradan yazın, bir kişi yanıtlayacak. Çıkmak için RET yazın.",
    ),
    "ar": Answers(
        "{brand}: تم إلغاء اشتراكك ولن تصلك رسائل أخرى. أرسل ابدأ للعودة.",
        "{brand}: لن تصلك إعلانات بعد الآن. أرسل توقف لإيقاف كل الرسائل أو ابدأ للتراجع.",
        "{brand}: عاد اشتراكك. أرسل توقف للإلغاء أو مساعدة للمساعدة.",
        "{brand}: اكتب لنا هنا وسيجيبك شخص. أرسل توقف لإلغاء الاشتراك.",
    ),
    "hi": Answers(
        "{brand}: आपकी सदस्यता समाप्त हुई, अब कोई संदेश नहीं आएगा। लौटने के लिए शुरू लिखें।",
        "{brand}: अब विज्ञापन नहीं आएंगे। सब बंद करने के लिए बंद, वापस लेने के लिए शुरू लिखें।",
        "{brand}: आप फिर से सदस्य हैं। हटने के लिए बंद, मदद के लिए मदद लिखें।",
        "{brand}: हमें यहाँ लिखें, एक व्यक्ति उत्तर देगा। हटने के लिए बंद लिखें।",
    ),
    "id": Answers(
        "{brand}: Anda berhenti berlangganan dan tidak akan menerima pesan lagi. Balas MULAI untuk kembali.",
        "{brand}: tidak ada iklan lagi. Balas BERHENTI untuk menghentikan semua, MULAI untuk membatalkan.",
        "{brand}: Anda berlangganan lagi. Balas BERHENTI untuk berhenti, BANTUAN untuk bantuan.",
        "{brand}: tulis kepada kami di sini, seseorang akan menjawab. Balas BERHENTI untuk berhenti.",
    ),
    "ru": Answers(
        "{brand}: вы отписаны и больше не получите сообщений. Ответьте СТАРТ, чтобы вернуться.",
        "{brand}: рекламы больше не будет. СТОП прекратит все сообщения, СТАРТ вернёт всё назад.",
        "{brand}: вы снова подписаны. Ответьте СТОП, чтобы отписаться, ПОМОЩЬ для помощи.",
        "{brand}: напишите нам сюда, ответит человек. Ответьте СТОП, чтобы отписаться.",
    ),
    "ja": Answers(
        "{brand}：配信を停止しました。今後メッセージは届きません。再開するには「再開」と返信してください。",
        "{brand}：広告の配信を停止しました。すべて止めるには「配信停止」、戻すには「再開」と返信してください。",
        "{brand}：配信を再開しました。停止は「配信停止」、ヘルプは「ヘルプ」と返信してください。",
        "{brand}：こちらにご連絡ください。担当者がお答えします。停止は「配信停止」と返信してください。",
    ),
    "zh": Answers(
        "{brand}：您已退订，不会再收到消息。回复“订阅”可恢复。",
        "{brand}：您不会再收到广告。回复“退订”停止全部消息，回复“订阅”恢复。",
        "{brand}：您已恢复订阅。回复“退订”可退订，回复“帮助”获取帮助。",
        "{brand}：请在此留言，会有专人回复。回复“退订”可退订。",
    ),
}
