### The words of the payer's pages in French. Formal address: vous. A no-break space stands before : and a narrow one
### before ; ! ?

## Fields and their errors

card-number = Numéro de carte
expires = Date d’expiration
expires-hint = MM/AA
cvc = Code de sécurité
cvc-hint = 3 chiffres au dos. American Express : 4 chiffres au recto
holder = Nom sur la carte
number-empty = Saisissez votre numéro de carte
number-not-digits = Saisissez le numéro de carte avec des chiffres uniquement
number-too-short = Le numéro de carte est trop court. Vérifiez les chiffres
number-too-long = Le numéro de carte est trop long. Vérifiez les chiffres
number-luhn = Vérifiez le numéro de carte. Un chiffre est peut-être erroné
brand-not-accepted = { $brand } n’est pas acceptée ici
expiry-unreadable = Saisissez la date d’expiration au format MM/AA, par exemple 08/28
expiry-month = Saisissez un mois de 01 à 12
expiry-past = Cette carte a expiré. Utilisez une autre carte
expiry-far = Vérifiez l’année d’expiration
cvc-empty = Saisissez le code de sécurité à 3 chiffres (American Express : 4 chiffres)
cvc-three = Saisissez le code de sécurité à 3 chiffres
cvc-four = Saisissez le code de sécurité à 4 chiffres
holder-wrong = Saisissez le nom inscrit sur la carte, avec des lettres uniquement
holder-not-latin = Saisissez le nom en lettres latines, tel qu’il figure sur la carte
holder-too-long = Saisissez au plus 30 lettres du nom
holder-card-data = Saisissez le nom tel qu’il figure sur la carte
form-unreadable = Cette page n’était plus à jour ou n’a pas pu être lue. Aucun montant n’a été débité. Saisissez à nouveau votre carte.
summary-title = Veuillez vérifier vos informations. Aucun montant n’a été débité.
two-brands = Votre carte porte deux marques. Payer avec
one-brand = Ma carte porte une seule marque
billing-address = Adresse de facturation
shipping-address = Adresse de livraison

## What a merchant asks of the payer beside the card

optional = (facultatif)
country-choose = Choisissez un pays
email-wrong = Saisissez une adresse e-mail comme nom@example.com
detail-card-data = Ne saisissez pas de données de carte ici
at-most = « { $label } » est trop long. Utilisez au plus { $limit } caractères
email = E-mail
enter-email = Saisissez votre adresse e-mail
phone = Téléphone
enter-phone = Saisissez votre numéro de téléphone
full-name = Nom complet
enter-full-name = Saisissez votre nom complet
personal-code = Numéro d’identification personnel
enter-personal-code = Saisissez votre numéro d’identification personnel
legal-name = Raison sociale
enter-legal-name = Saisissez la raison sociale de votre société
company = Nom de la société
enter-company = Saisissez le nom de votre société
registration-number = Numéro d’immatriculation de la société
enter-registration-number = Saisissez le numéro d’immatriculation de votre société
tax-number = Numéro fiscal
enter-tax-number = Saisissez votre numéro fiscal
bank-account = Numéro de compte bancaire
enter-bank-account = Saisissez votre numéro de compte bancaire
bank-code = Code banque
enter-bank-code = Saisissez le code de votre banque
country = Pays
enter-country = Saisissez votre pays
street = Numéro et rue
enter-street = Saisissez le numéro et la rue
postal-code = Code postal
enter-postal-code = Saisissez votre code postal
city = Ville
enter-city = Saisissez votre ville
state = État ou région
enter-state = Saisissez votre État ou région

## Failed tries

declined-number = Vérifiez le numéro de carte. Aucun montant n’a été débité. Réessayez ou utilisez une autre carte.
declined-cvc = Vérifiez le code de sécurité. Aucun montant n’a été débité. Réessayez ou utilisez une autre carte.
declined-expiry = Vérifiez la date d’expiration. Aucun montant n’a été débité. Réessayez ou utilisez une autre carte.
declined-expired = Cette carte a expiré. Aucun montant n’a été débité. Utilisez une autre carte.
declined-by-bank = Votre banque n’a pas approuvé ce paiement. Aucun montant n’a été débité. Utilisez une autre carte ou contactez votre banque.
declined-by-limit = Votre banque a refusé ce paiement en raison du solde disponible ou d’un plafond. Aucun montant n’a été débité. Utilisez une autre carte ou contactez votre banque.
declined-holder = Vérifiez le nom sur la carte. Aucun montant n’a été débité. Réessayez ou utilisez une autre carte.
declined-saved = Cette carte enregistrée ne peut plus être utilisée. Aucun montant n’a été débité. Utilisez une autre carte.
declined-unconfirmed = Nous n’avons pas pu confirmer ce paiement auprès de votre banque. Aucun montant n’a été débité. Réessayez ou utilisez une autre carte.
declined-no-answer = La banque ne répond pas. Aucun montant n’a été débité. Réessayez dans quelques minutes.
declined-undone = La banque n’a pas répondu à temps, nous avons donc annulé cette tentative. Aucun montant n’a été débité. Réessayez dans quelques minutes.
declined-by-shop = Cette boutique ne peut pas accepter cette carte pour le moment. Aucun montant n’a été débité. Choisissez un autre moyen de paiement ou une autre carte.

## The form

error-title = Erreur : { $title }
test-band = Mode test – aucun argent n’est déplacé
test-hint = Essayez la carte { $card } avec une date future et le code 123.
reference = Référence
reference-is = Référence : { $reference }
notes = Notes du vendeur
discount = Remise
tax = Taxe
subtotal = Sous-total
debt = Solde antérieur
credit = Avoir
adjustment = Ajustement du vendeur
total = Total
details = Vos coordonnées
card = Données de la carte
accepted = Cartes acceptées :
hold-note = Le montant est réservé maintenant sur votre carte. Le vendeur le prélèvera plus tard.
verify-note = Votre carte est vérifiée et enregistrée. Aucun montant n’est débité maintenant.
remember = Enregistrer cette carte chez { $seller } pour la prochaine fois. Votre code de sécurité n’est jamais conservé.
remember-unnamed = Enregistrer cette carte chez le vendeur pour la prochaine fois. Votre code de sécurité n’est jamais conservé.
kept = Votre carte sera enregistrée chez { $seller } pour de futurs paiements. Votre code de sécurité n’est jamais conservé.
kept-unnamed = Votre carte sera enregistrée chez le vendeur pour de futurs paiements. Votre code de sécurité n’est jamais conservé.
busy = Traitement en cours…
busy-live = Traitement de votre paiement en cours
return-to = Retour chez le vendeur ({ $host })
back-to = Retour à { $host }
footer = Page de paiement par Tollgate
language = Langue
show-order = Afficher la commande – { $total }
saved-cards = Payer avec
another-card = Utiliser une autre carte
expired-badge = Expirée
expires-on = Expire en { $date }
with-card = avec { $brand } { $last4 }
pay = Payer { $amount }
hold = Réserver { $amount }
save-card = Enregistrer la carte
payable-until = À payer avant le { $moment }
was-due = Ce paiement était attendu pour le { $day }. Vous pouvez encore le régler.

## Several ways to pay

methods = Comment souhaitez-vous payer ?
method-card = Carte bancaire
method-wallet = Portefeuille électronique
method-pay-later = Paiement en plusieurs fois
method-bank = Virement bancaire
partner-confirms = Vous serez redirigé vers { $partner } pour y confirmer le paiement.
choose-bank = Votre banque
bank-missing = Choisissez votre banque
bank-down = { $bank } (indisponible pour le moment)
bank-unavailable = Cette banque n’accepte pas de paiements pour le moment. Choisissez-en une autre
more-methods = Autres moyens de paiement
leave-partner = Choisir un autre moyen de paiement
declined-elsewhere = Le paiement n’a pas été accepté. Aucun montant n’a été débité. Réessayez ou choisissez un autre moyen de paiement.
left-partner = Vous n’avez pas confirmé le paiement. Aucun montant n’a été débité. Réessayez ou choisissez un autre moyen de paiement.
partner-time-up = Le paiement n’a pas été confirmé à temps, nous avons donc annulé cette tentative. Aucun montant n’a été débité. Réessayez ou choisissez un autre moyen de paiement.
nothing-offered = Cette boutique ne peut pas accepter ce paiement pour le moment. Aucun montant n’a été débité.
gift-cards = Cartes cadeaux
add-gift-card = Ajouter une carte cadeau
gift-kind = Type de carte cadeau
gift-number = Numéro de la carte cadeau
gift-code = Code de la carte cadeau
use-gift-card = Utiliser cette carte
remove = Retirer
left-to-pay = Reste à payer
gift-covers = Vos cartes cadeaux couvrent la totalité du montant.
gift-number-wrong = Saisissez le numéro de la carte cadeau : 16 à 19 chiffres
gift-code-wrong = Saisissez le code de la carte cadeau
gift-refused = Vérifiez le numéro et le code. Cette carte cadeau est introuvable
gift-empty = Cette carte cadeau est épuisée
gift-twice = Vous avez déjà ajouté cette carte cadeau
gift-kind-full = Ce paiement n’accepte pas davantage de cartes cadeaux de ce type
gift-full = Ce paiement n’accepte pas davantage de cartes cadeaux
gift-overfull = Retirez une carte cadeau : avec autant de cartes, le reste ne peut pas être payé autrement.
gift-no-answer = Le solde n’a pas pu être lu. Réessayez dans une minute
gift-changed = Le solde d’une carte cadeau a changé. Aucun montant n’a été débité. Vérifiez les montants et payez à nouveau.
order-paid = Cette commande a déjà été payée. Aucun montant n’a été débité.
at-partner = Confirmez ce paiement sur la page suivante
at-partner-body = Vous allez y être redirigé dans un instant. Aucun montant n’a encore été débité.
at-partner-waits = Le paiement vous y attend. Aucun montant n’a encore été débité.
you-cancelled = Vous avez annulé ce paiement.
pending = Ce paiement n’est pas encore confirmé
pending-body = Cela peut prendre un moment. Ne payez pas une seconde fois : le vendeur sera informé du résultat.
declined-by-partner = Le paiement n’a pas été approuvé. Aucun montant n’a été débité.
declined-gift-card = Une carte cadeau n’a pas été acceptée. Aucun montant n’a été débité.
given-back = Ce qui était réservé sur vos cartes cadeaux est restitué.

## Results

successful = Paiement réussi
reserved = Montant réservé, pas encore débité
reserved-body = Le vendeur le prélèvera plus tard ou le libérera.
card-saved = Carte enregistrée
card-saved-body = Aucun argent n’a été prélevé.
not-paid = Paiement non effectué
not-tried = Ce paiement n’a pas encore été effectué. Aucun montant n’a été débité.
paid-elsewhere = Paiement reçu
paid-elsewhere-body = Le vendeur l’a reçu en dehors de cette page.
taken = Montant débité
refunded = Remboursé
asked-by-bank = Votre banque vous demande de confirmer ce paiement
asked-by-bank-body = Aucun montant n’a été débité. Le paiement se poursuivra dès que vous l’aurez confirmé.
processing = Votre paiement est en cours de traitement
processing-body = Cela peut prendre un instant. Ne payez pas une seconde fois. Cette page s’actualise toute seule.
elsewhere = Ce paiement est en cours de traitement dans une autre fenêtre
checking = Nous vérifions ce paiement auprès de votre banque
do-not-pay-again = Ne payez pas une seconde fois.
will-email = Nous vous enverrons un e-mail.
come-back = Rouvrez cette page plus tard pour voir le résultat.
expired = Ce lien de paiement a expiré.
cancelled = Le vendeur a annulé ce paiement.
closed = Ce paiement ne peut plus être effectué ici.
not-charged = Aucun montant n’a été débité.
contact-seller = Demandez un nouveau lien au vendeur.
receipt = Voir le reçu
try-again = Réessayer
amount = Montant
paid-with = Carte
date = Date
redirecting = Vous allez être redirigé vers le site du vendeur dans un instant.
paid-on = Payé le { $day }
amount-on = { $amount } le { $day }
continue-to = Continuer vers { $host }
card-ending = { $brand } se terminant par { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = Ne fermez pas cette page.
challenge-body = Votre banque souhaite s’assurer qu’il s’agit bien de vous. Vous avez 10 minutes. Aucun montant n’a encore été débité.
continue-to-bank = Continuer vers votre banque
continue-soon = Votre banque vous attend une demi-minute.
bank-frame = Vérification de votre banque
open-in-full = Un problème ? Ouvrir la page de la banque en entier
still-there = Êtes-vous toujours là ?
still-there-body = Votre banque attend encore deux minutes. Aucun montant n’a encore été débité.
still-here = Je suis toujours là
stop-payment = Arrêter ce paiement ?
keep-going = Poursuivre
confirm-with-bank = Confirmez ce paiement auprès de votre banque
verify-again = Cette page n’était plus à jour. Aucun montant n’a été débité. Réessayez.
cancel-challenge = Annuler ce paiement
acs-band = Banque de test – simulation
acs-issuer = Banque de test
acs-title = Confirmez votre paiement
acs-merchant = Commerçant
acs-code = Code à usage unique
acs-code-hint = Rien n’est envoyé : dans cette simulation, le code est 1234.
acs-code-empty = Saisissez le code
acs-resent = Nous avons envoyé un nouveau code. Dans cette simulation, c’est encore 1234.
acs-verify = Vérifier
acs-cancel = Annuler
acs-help = Besoin d’aide ?
acs-help-body = Une vraie banque envoie le code sur votre téléphone. Cette page ne fait que la simuler : aucun code n’est envoyé et aucun argent n’est déplacé. « Annuler » vous ramène au paiement.
acs-tester = Choisir un résultat
acs-tester-body = Pour les tests : mettre fin à cette authentification immédiatement.
acs-result-y = Approuver (Y)
acs-result-n = Échouer (N)
acs-result-u = Impossible à effectuer (U)
acs-result-r = Rejeter (R)
acs-result-timeout = Laisser expirer
acs-result-cancel = Le payeur annule
acs-done = Retour à votre paiement
acs-done-body = Votre banque a terminé. Ne fermez pas cette page.
acquirer-wallet = Portefeuille de test
acquirer-lender = Prêteur de test
acquirer-body = Cette page ne fait que simuler : choisissez le résultat. Aucun argent n’est déplacé.
acquirer-approve = Approuver
acquirer-refuse = Refuser
acquirer-later = Plus tard (approuvé après une demi-minute)
acquirer-done = Il n’y a plus rien à décider ici. Ne fermez pas cette page.
continue = Continuer
wrong-code =
    { $left ->
        [one] Ce code est erroné. Il reste { $left } essai
       *[other] Ce code est erroné. Il reste { $left } essais
    }
resend = Renvoyer le code (encore { $left })

## Nothing to show

unknown = Page introuvable
unknown-body = Ce lien de paiement n’existe pas. Vérifiez que vous l’avez copié en entier ou demandez-en un nouveau au vendeur.
busy-page = Trop de demandes en ce moment
busy-page-body = Aucun montant n’a été débité. Veuillez réessayer dans une minute.
broken = Un problème est survenu de notre côté
broken-body = Aucun montant n’a été débité. Veuillez réessayer dans quelques minutes.
broken-unsure = Nous ne savons pas encore si un montant a été débité. Ne payez pas une seconde fois. Ouvrez le lien de paiement plus tard : il affichera le résultat.

## Invoice and receipt

refunded-on = Remboursé le { $day }
invoice = Facture
receipt-title = Reçu
test-mark = TEST
from = De
to = À
number = Identifiant du paiement
issued = Émise le
due = Échéance
paid-at = Payé le
item = Article
quantity = Quantité
unit-price = Prix unitaire
registration = N° d’immatriculation { $number }
tax-registration = N° fiscal { $number }
stamp-paid = Payé
stamp-refunded = Remboursé
stamp-partly-refunded = Remboursé en partie
stamp-closed = Clôturé
after-refunds = Payé après remboursements
stamp-reserved = Réservé, pas encore débité
stamp-saved = Carte enregistrée
stamp-processing = En cours de traitement – ne payez pas une seconde fois
stamp-cancelled = Annulé – rien n’a été débité
stamp-expired = Expiré – rien n’a été débité
stamp-overdue = En retard
stamp-open = À payer
pdf = Télécharger le PDF
invoice-number = N° de facture
stated = { $label } (indiqué par le vendeur)
tax-at = Taxe { $rate }
refund-title = Reçu de remboursement
refund-receipt = Reçu de remboursement, { $day }
refunded-at = Remboursé le
refund-number = Identifiant du remboursement
acquirer-reference = Référence bancaire
method = Moyen de paiement

## Mail

mail-invoice = Facture de { $seller } : { $amount }
mail-receipt = Reçu de { $seller } : { $amount }
mail-refund = Remboursement de { $seller } : { $amount }
mail-asks = { $seller } vous demande de payer { $amount }
mail-paid = Vous avez payé { $amount } à { $seller }
mail-refunded = { $seller } vous a remboursé { $amount }
mail-refund-days = Il peut s’écouler quelques jours avant que votre banque ne l’affiche.
mail-sent-for = Envoyé par Tollgate pour { $seller }.

## Days and times

day =
    { $day ->
        [1] 1er
       *[other] { $day }
    } { $month ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[12] décembre
    } { $year }
moment = { $day } à { $time } ({ $zone })
zone-of = heure de { $city }
