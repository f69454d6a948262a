"""The usual names of columns, in many languages: data for the guess of the mapping. Compared without case, accents
and signs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "phone": """phone phonenumber phoneno phonenum phones mobile mobilephone mobilenumber mobileno mobilenr cell cellphone
        cellnumber cellular telephone telephonenumber tel telno telnr telefonnr msisdn number contactnumber contactno smsnumber sms
        smsphone e164 phone1 primaryphone homephone workphone phonemobile callerid
        telefon telefonnummer handy handynummer mobil mobilnummer mobiltelefon mobilfunk rufnummer
        telefono celular movil numero numerodetelefono numerotelefono telefonomovil numerocelular whatsappocelular
        telefone telemovel numerodecelular telefonecelular
        numerodetelephone portable numeroportable telephoneportable gsm mobilenummer telefoonnummer telefoon mobiel
        cellulare numeroditelefono recapito telefonu cep ceptelefonu telefonnumarasi numara
        телефон номер номертелефона мобильный мобильныйтелефон моб сотовый телефонный
        हिन्दीफोन फोन फ़ोन मोबाइल मोबाइलनंबर फोननंबर दूरभाष
        هاتف الهاتف رقمالهاتف جوال الجوال رقمالجوال موبايل محمول المحمول
        電話 電話番号 携帯 携帯電話 携帯番号 电话 电话号码 手机 手机号 手机号码 電話號碼 手機 手機號碼 전화 전화번호 휴대폰 휴대폰번호 핸드폰
        nomortelepon nohp nomorhp handphone hp telpon sodienthoai dienthoai dtdd
        simu nambariyasimu puhelin puhelinnumero telefonszam mobilszam numertelefonu komorka telefonicislo mobilni
        τηλεφωνο κινητο טלפון נייד מספרטלפון โทรศัพท์ เบอร์โทร เบอร์โทรศัพท์ มือถือ""",
    "whatsapp": """whatsapp whatsappnumber whatsappno whatsappid waid wa wanumber whatsappnummer numerowhatsapp numerodewhatsapp
        whatsappnumero nowa nomorwhatsapp واتساب رقمالواتساب ватсап""",
    "rcs": "rcs rcsnumber rcsaddress rcsid",
    "sip": "sip sipaddress sipuri sipid voip voipaddress",
    "name": """name fullname contact contactname customer customername clientname client person displayname customerfullname
        membername studentname patientname nombre nombrecompleto nombreyapellido nombreyapellidos nomecompleto nome nomcomplet
        nometprenom nomprenom vollername namen kunde kundenname ansprechpartner nomecognome nominativo naam volledigenaam
        имя полноеимя фио имяифамилия नाम पूरानाम الاسم الاسمالكامل اسم اسمالعميل 名前 氏名 お名前 姓名 名字 客户姓名 이름 성명
        nama namalengkap hoten hovaten ten jina jinakamili nimi imieinazwisko nev teljesnev isimsoyisim adsoyad ονοματεπωνυμο
        שם שםמלא ชื่อ ชื่อนามสกุล namn""",
    "first_name": """firstname first fname givenname forename christianname vorname prenom primernombre nombredepila nombres
        primeironome voornaam imie fornamn fornavn etunimi keresztnev isim ad adi имяклиента प्रथमनाम पहलानाम
        الاسمالاول 名 이름명 namadepan כינוי שםפרטי""",
    "last_name": """lastname last lname surname familyname nachname familienname nomdefamille apellido apellidos sobrenome
        ultimonome cognome achternaam nazwisko efternamn etternavn efternavn sukunimi vezeteknev soyad soyadi soyisim фамилия
        उपनाम कुलनाम اسمالعائلة اللقب 姓 성 namabelakang ho שםמשפחה""",
    "language": """language lang locale languagecode preferredlanguage sprache idioma lengua langue lingua taal jezyk язык भाषा
        اللغة لغة 言語 语言 語言 언어 bahasa ngonngu lugha kieli nyelv dil sprak sprog γλωσσα שפה ภาษา""",
    "time_zone": """timezone tz timezoneid zeitzone zonahoraria husohorario fusohorario fuseauhoraire fuso tijdzone часовойпояс
        समयक्षेत्र المنطقةالزمنية タイムゾーン 时区 時區 시간대 zonawaktu strefaczasowa saatdilimi""",
    "tags": """tag tags label labels group groups segment segments list lists category categories schlagworte schlagwort
        gruppe gruppen etiqueta etiquetas grupo grupos etiquette etiquettes groupe groupes etichetta etichette gruppo gruppi
        метки метка теги группа группы टैग समूह وسوم وسم مجموعة タグ グループ 标签 標籤 分组 태그 그룹 kategori""",
}


def fold(name: str) -> str:
    """`Téléphone portable :` to `telephoneportable`."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum() and not unicodedata.combining(letter))


TARGET_OF: Mapping[str, str] = {
    fold(word): target for target, words in reversed(list(_WORDS.items())) for word in words.split()
}
# What a longer name may begin or end with: "Customer phone", "phone (mobile)".
PIECES: Mapping[str, str] = {
    "whatsapp": "whatsapp",
    "phone": "phone",
    "mobile": "phone",
    "telefon": "phone",
    "telephone": "phone",
    "msisdn": "phone",
    "celular": "phone",
    "firstname": "first_name",
    "lastname": "last_name",
    "surname": "last_name",
    "fullname": "name",
    "language": "language",
    "timezone": "time_zone",
}
