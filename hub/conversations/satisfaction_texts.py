"""What contacts are asked when a conversation is closed, and the thanks for their answer, by language. Data.

The languages are those of `hub.compliance.keywords`; whoever has another one, or none, is asked in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hub.compliance.keywords import DEFAULT_LANGUAGE


class Words(NamedTuple):
    """The question, which must say what to answer, and the thanks."""

    question: str
    thanks: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        "How satisfied were you with our help? Reply with a number from 1 (not at all) to 5 (very).",
        "Thank you for your answer!",
    ),
    "es": Words(
        "¿Qué tan satisfecho está con nuestra ayuda? Responda con un número del 1 (nada) al 5 (mucho).",
        "¡Gracias por su respuesta!",
    ),
    "fr": Words(
        "Êtes-vous satisfait de notre aide ? Répondez par un chiffre de 1 (pas du tout) à 5 (tout à fait).",
        "Merci de votre réponse !",
    ),
    "de": Words(
        "Wie zufrieden waren Sie mit unserer Hilfe? Antworten Sie mit einer Zahl von 1 (gar nicht) bis 5 (sehr).",
        "Danke für Ihre Antwort!",
    ),
    "pt": Words(
        "Ficou satisfeito com a nossa ajuda? Responda com um número de 1 (nada) a 5 (muito).",
        "Obrigado pela sua resposta!",
    ),
    "it": Words(
        "Quanto è soddisfatto del nostro aiuto? Risponda con un numero da 1 (per niente) a 5 (molto).",
        "Grazie per la sua risposta!",
    ),
    "nl": Words(
        "Hoe tevreden bent u over onze hulp? Antwoord met een cijfer van 1 (helemaal niet) tot 5 (zeer).",
        "Bedankt voor uw antwoord!",
    ),
    "pl": Words(
        "Jak oceniasz naszą pomoc? Odpisz liczbą od 1 (bardzo źle) do 5 (bardzo dobrze).",
        "Dziękujemy za odpowiedź!",
    ),
    "tr": Words(
        "Yardımımızdan ne kadar memnun kaldınız? 1 (hiç) ile 5 (çok) arasında bir sayıyla yanıtlayın.",
        "Yanıtınız için teşekkürler!",
    ),
    "ar": Words(
        "ما مدى رضاك عن مساعدتنا؟ أجب برقم من 1 (غير راضٍ) إلى 5 (راضٍ جدًا).",
        "شكرًا على إجابتك!",
    ),
    "hi": Words(
        "आप हमारी मदद से कितने संतुष्ट हैं? 1 (बिल्कुल नहीं) से 5 (बहुत) तक एक अंक लिखकर उत्तर दें।",
        "आपके उत्तर के लिए धन्यवाद!",
    ),
    "id": Words(
        "Seberapa puas Anda dengan bantuan kami? Balas dengan angka 1 (tidak puas) sampai 5 (sangat puas).",
        "Terima kasih atas jawaban Anda!",
    ),
    "ru": Words(
        "Насколько вы довольны нашей помощью? Ответьте числом от 1 (совсем нет) до 5 (очень).",
        "Спасибо за ответ!",
    ),
    "ja": Words(
        "対応にはご満足いただけましたか？1（不満）から5（大変満足）の数字でご返信ください。",
        "ご回答ありがとうございました。",
    ),
    "zh": Words(
        "您对我们的帮助满意吗？请回复1（不满意）到5（非常满意）中的一个数字。",
        "感谢您的回答！",
    ),
}


def words_in(language: str) -> Words:
    """In a BCP 47 language such as `pt-BR`; in English where there are none."""
    return WORDS.get(language.partition("-")[0].casefold(), WORDS[DEFAULT_LANGUAGE])
