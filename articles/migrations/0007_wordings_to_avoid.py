"""What Italian law and the code of conduct do not want in health information."""

from django.db import migrations

# language, phrase, what writers are told
WORDINGS = [
    (
        "it",
        "guarigion* garantit*",
        "Nessuno può garantire una guarigione, e prometterla inganna chi è malato (Codice di deontologia, artt. 55 e 56): scriva in quante persone la cura riesce, e secondo quale studio.",
    ),
    (
        "it",
        "risultat* garantit*",
        "Un risultato non si può garantire (Codice di deontologia, art. 56): scriva che cosa ci si può attendere, con la fonte.",
    ),
    (
        "it",
        "100 %",
        "Quasi nulla in medicina riesce sempre: se è un dato, scriva da quale studio viene e su quante persone; se è un modo di dire, lo tolga.",
    ),
    (
        "it",
        "è senza rischi",
        "Ogni cura ha dei rischi, e tacerli inganna (Codice di deontologia, art. 56): scriva quali sono e quanto sono frequenti.",
    ),
    (
        "it",
        "senza alcun rischio",
        "Ogni cura ha dei rischi, e tacerli inganna (Codice di deontologia, art. 56): scriva quali sono e quanto sono frequenti.",
    ),
    (
        "it",
        "è senza effetti collaterali",
        "Ogni cura che agisce può avere effetti indesiderati (Codice di deontologia, art. 56): scriva quali sono comuni e quali rari.",
    ),
    (
        "it",
        "trattament* indolor*",
        "Il dolore cambia da persona a persona, e la promessa può ingannare: scriva che cosa si sente di solito e come si allevia.",
    ),
    (
        "it",
        "miracolos*",
        "È una parola suggestiva, che la legge 145/2018 (art. 1, comma 525) esclude: scriva quali prove ci sono, e quanto sono forti.",
    ),
    (
        "it",
        "rivoluzionari*",
        "Il medico non annuncia novità non ancora validate, che alimentano speranze illusorie (Codice di deontologia, art. 56): scriva a che punto sono gli studi.",
    ),
    (
        "it",
        "sconfigg* il tumore",
        "È un’espressione suggestiva, che la legge 145/2018 (art. 1, comma 525) esclude: scriva che cosa la cura può ottenere, per esempio togliere o rallentare il tumore.",
    ),
    (
        "it",
        "sconfigg* il cancro",
        "È un’espressione suggestiva, che la legge 145/2018 (art. 1, comma 525) esclude: scriva che cosa la cura può ottenere, per esempio togliere o rallentare il tumore.",
    ),
    (
        "it",
        "i migliori medici",
        "Il confronto con altri medici è vietato se non poggia su indicatori misurabili (Codice di deontologia, art. 56): scriva titoli ed esperienza.",
    ),
    (
        "it",
        "migliori specialisti",
        "Il confronto con altri medici è vietato se non poggia su indicatori misurabili (Codice di deontologia, art. 56): scriva titoli ed esperienza.",
    ),
    (
        "it",
        "miglior centro",
        "Il confronto con altri centri è vietato se non poggia su indicatori misurabili (Codice di deontologia, art. 56): scriva quali cure si fanno qui.",
    ),
    (
        "it",
        "leader nel*",
        "È un vanto che nessuno può verificare (Codice di deontologia, art. 56): scriva da quando e quanto spesso si fa questa cura.",
    ),
    (
        "it",
        "unic* in Italia",
        "È un confronto con tutti gli altri (Codice di deontologia, art. 56): scriva soltanto che cosa si fa qui.",
    ),
    (
        "it",
        "centro di eccellenza",
        "È un elogio di sé, non un’informazione (Codice di deontologia, art. 56): scriva l’accreditamento o la certificazione, con chi l’ha rilasciata.",
    ),
    (
        "it",
        "all’avanguardia",
        "È un elemento attrattivo, che la legge 145/2018 (art. 1, comma 525) esclude: scriva il nome della tecnica o dell’apparecchio, e a che cosa serve.",
    ),
    (
        "it",
        "specialista in",
        "Si può scrivere solo con il diploma di quella specializzazione: se manca, scriva per esempio «medico che si occupa di oncologia».",
    ),
    (
        "it",
        "dicono di noi",
        "Le testimonianze dei pazienti sono un elemento promozionale, che la legge 145/2018 (art. 1, comma 525) esclude: le tolga.",
    ),
    (
        "it",
        "sconto",
        "Uno sconto è un’offerta commerciale, che la legge 145/2018 (art. 1, comma 525) vieta nell’informazione sanitaria: scriva solo la tariffa intera.",
    ),
    (
        "it",
        "sconti",
        "Gli sconti sono offerte commerciali, che la legge 145/2018 (art. 1, comma 525) vieta nell’informazione sanitaria: scriva solo le tariffe intere.",
    ),
    (
        "it",
        "in offerta",
        "Un’offerta è commerciale, e la legge 145/2018 (art. 1, comma 525) la vieta nell’informazione sanitaria: scriva solo la tariffa intera.",
    ),
    (
        "it",
        "offert* special*",
        "Un’offerta è commerciale, e la legge 145/2018 (art. 1, comma 525) la vieta nell’informazione sanitaria: scriva solo la tariffa intera.",
    ),
    (
        "it",
        "in promozione",
        "Una promozione è commerciale, e la legge 145/2018 (art. 1, comma 525) la vieta nell’informazione sanitaria: scriva solo la tariffa intera.",
    ),
    (
        "it",
        "visit* gratuit*",
        "Una visita gratuita attira clienti, e la legge 145/2018 (art. 1, comma 525) esclude gli elementi promozionali: scriva la tariffa, oppure chi ha diritto all’esenzione.",
    ),
    (
        "it",
        "gratis",
        "È una parola del commercio, e la legge 145/2018 (art. 1, comma 525) esclude gli elementi promozionali: scriva la tariffa, oppure chi ha diritto all’esenzione.",
    ),
    (
        "it",
        "prenot* subito",
        "Mettere fretta è un richiamo commerciale: scriva come si prenota; se il tempo conta per la salute, scriva entro quando e perché.",
    ),
    (
        "it",
        "ultimi posti",
        "Mettere fretta è un richiamo commerciale, che la legge 145/2018 (art. 1, comma 525) esclude: scriva come si prenota e quanto si attende.",
    ),
    (
        "en",
        "guarantee* a cure",
        "Nobody can guarantee a cure, and to promise one misleads people who are ill (Code of Medical Ethics, art. 56): write how many people it works for, and which study says so.",
    ),
    (
        "en",
        "guaranteed cure*",
        "Nobody can guarantee a cure, and to promise one misleads people who are ill (Code of Medical Ethics, art. 56): write how many people it works for, and which study says so.",
    ),
    (
        "en",
        "guaranteed result*",
        "A result cannot be guaranteed (Code of Medical Ethics, art. 56): write what people can expect, with the source.",
    ),
    (
        "en",
        "100 %",
        "Hardly anything in medicine always works: if this is a finding, write which study it comes from and how many people were in it; if it is a manner of speaking, take it out.",
    ),
    (
        "en",
        "risk-free",
        "Every treatment has risks, and to hide them misleads (Code of Medical Ethics, art. 56): write which they are and how often they happen.",
    ),
    (
        "en",
        "without any risk*",
        "Every treatment has risks, and to hide them misleads (Code of Medical Ethics, art. 56): write which they are and how often they happen.",
    ),
    (
        "en",
        "free of side effects",
        "Every treatment that works can have side effects (Code of Medical Ethics, art. 56): write which are common and which are rare.",
    ),
    (
        "en",
        "painless treatment*",
        "Pain differs from person to person, and the promise may mislead: write what people usually feel and what eases it.",
    ),
    (
        "en",
        "painless procedure*",
        "Pain differs from person to person, and the promise may mislead: write what people usually feel and what eases it.",
    ),
    (
        "en",
        "miracle*",
        "The word plays on hope, and Italian Law 145/2018 (art. 1, par. 525) rules out suggestive wording: write what evidence there is, and how strong it is.",
    ),
    (
        "en",
        "revolutionary",
        "Doctors do not announce what is not yet validated, since it raises false hopes (Code of Medical Ethics, art. 56): write how far the studies have come.",
    ),
    (
        "en",
        "beat* cancer",
        "The phrase plays on hope, and Italian Law 145/2018 (art. 1, par. 525) rules out suggestive wording: write what the treatment can do, such as remove the cancer or slow it down.",
    ),
    (
        "en",
        "the best doctor*",
        "Comparing with other doctors is forbidden unless measured indicators support it (Code of Medical Ethics, art. 56): write qualifications and experience.",
    ),
    (
        "en",
        "the best specialist*",
        "Comparing with other doctors is forbidden unless measured indicators support it (Code of Medical Ethics, art. 56): write qualifications and experience.",
    ),
    (
        "en",
        "the best clinic*",
        "Comparing with other clinics is forbidden unless measured indicators support it (Code of Medical Ethics, art. 56): write which treatments are given here.",
    ),
    (
        "en",
        "leading clinic*",
        "It is a boast that nobody can check (Code of Medical Ethics, art. 56): write since when and how often this treatment is given here.",
    ),
    (
        "en",
        "leading specialist*",
        "It is a boast that nobody can check (Code of Medical Ethics, art. 56): write qualifications, posts and publications.",
    ),
    (
        "en",
        "only one in Italy",
        "It is a comparison with everybody else (Code of Medical Ethics, art. 56): write only what is done here.",
    ),
    (
        "en",
        "centre of excellence",
        "It is self-praise, not information (Code of Medical Ethics, art. 56): write the accreditation or certificate, and who gave it.",
    ),
    (
        "en",
        "state-of-the-art",
        "It is there to attract, which Italian Law 145/2018 (art. 1, par. 525) rules out: write the name of the technique or the machine, and what it is for.",
    ),
    (
        "en",
        "specialist in",
        "It may be written only with the diploma of that specialty: without it, write for example “doctor working in oncology”.",
    ),
    (
        "en",
        "what our patients say",
        "Patients’ testimonials are promotion, which Italian Law 145/2018 (art. 1, par. 525) rules out: take them out.",
    ),
    (
        "en",
        "discount*",
        "A discount is a commercial offer, which Italian Law 145/2018 (art. 1, par. 525) forbids in health information: write only the full fee.",
    ),
    (
        "en",
        "special offer*",
        "An offer is commercial, and Italian Law 145/2018 (art. 1, par. 525) forbids it in health information: write only the full fee.",
    ),
    (
        "en",
        "free consultation*",
        "A free visit is there to attract, and Italian Law 145/2018 (art. 1, par. 525) rules out promotion: write the fee, or who is exempt from it.",
    ),
    (
        "en",
        "free visit*",
        "A free visit is there to attract, and Italian Law 145/2018 (art. 1, par. 525) rules out promotion: write the fee, or who is exempt from it.",
    ),
    (
        "en",
        "free first visit*",
        "A free visit is there to attract, and Italian Law 145/2018 (art. 1, par. 525) rules out promotion: write the fee, or who is exempt from it.",
    ),
    (
        "en",
        "book now",
        "Urging people is a commercial appeal: write how to book; if time matters for health, write by when and why.",
    ),
]


def add_wordings(apps, schema_editor):
    Wording = apps.get_model("articles", "Wording")
    Wording.objects.bulk_create(
        [
            Wording(language=language, phrase=phrase, reason=reason)
            for language, phrase, reason in WORDINGS
        ],
        ignore_conflicts=True,  # applied again, it leaves what the practice has edited
    )


class Migration(migrations.Migration):
    dependencies = [("articles", "0006_roles")]

    operations = [migrations.RunPython(add_wordings, migrations.RunPython.noop)]
