### The words of the payer's pages in Spanish. Formal address: usted.

## Fields and their errors

card-number = Número de tarjeta
expires = Fecha de caducidad
expires-hint = MM/AA
cvc = Código de seguridad
cvc-hint = 3 dígitos en el reverso. American Express: 4 dígitos en el anverso
holder = Nombre en la tarjeta
number-empty = Introduzca el número de su tarjeta
number-not-digits = Introduzca el número de tarjeta usando solo dígitos
number-too-short = El número de tarjeta es demasiado corto. Compruebe los dígitos
number-too-long = El número de tarjeta es demasiado largo. Compruebe los dígitos
number-luhn = Compruebe el número de tarjeta. Puede que un dígito sea incorrecto
brand-not-accepted = Aquí no se acepta { $brand }
expiry-unreadable = Introduzca la fecha de caducidad como MM/AA, por ejemplo 08/28
expiry-month = Introduzca un mes del 01 al 12
expiry-past = Esta tarjeta ha caducado. Use otra tarjeta
expiry-far = Compruebe el año de caducidad
cvc-empty = Introduzca el código de seguridad de 3 dígitos (American Express: 4 dígitos)
cvc-three = Introduzca el código de seguridad de 3 dígitos
cvc-four = Introduzca el código de seguridad de 4 dígitos
holder-wrong = Introduzca el nombre de la tarjeta usando solo letras
holder-not-latin = Introduzca el nombre en letras latinas, tal como aparece en la tarjeta
holder-too-long = Introduzca como máximo 30 letras del nombre
holder-card-data = Introduzca el nombre tal como aparece en la tarjeta
form-unreadable = Esta página estaba desactualizada o no se pudo leer. No se le ha cobrado nada. Vuelva a introducir su tarjeta.
summary-title = Revise sus datos. No se le ha cobrado nada.
two-brands = Su tarjeta tiene dos marcas. Pagar con
one-brand = Mi tarjeta tiene una sola marca
billing-address = Dirección de facturación
shipping-address = Dirección de entrega

## What a merchant asks of the payer beside the card

optional = (opcional)
country-choose = Elija un país
email-wrong = Introduzca un correo electrónico como nombre@example.com
detail-card-data = No introduzca aquí datos de la tarjeta
at-most = «{ $label }» es demasiado largo. Use como máximo { $limit } caracteres
email = Correo electrónico
enter-email = Introduzca su correo electrónico
phone = Teléfono
enter-phone = Introduzca su número de teléfono
full-name = Nombre y apellidos
enter-full-name = Introduzca su nombre y apellidos
personal-code = Número de identidad
enter-personal-code = Introduzca su número de identidad
legal-name = Razón social
enter-legal-name = Introduzca la razón social de su empresa
company = Nombre de la empresa
enter-company = Introduzca el nombre de su empresa
registration-number = Número de registro de la empresa
enter-registration-number = Introduzca el número de registro de su empresa
tax-number = Número de identificación fiscal
enter-tax-number = Introduzca su número de identificación fiscal
bank-account = Número de cuenta bancaria
enter-bank-account = Introduzca su número de cuenta bancaria
bank-code = Código del banco
enter-bank-code = Introduzca el código de su banco
country = País
enter-country = Introduzca su país
street = Calle y número
enter-street = Introduzca la calle y el número
postal-code = Código postal
enter-postal-code = Introduzca su código postal
city = Ciudad
enter-city = Introduzca su ciudad
state = Provincia o región
enter-state = Introduzca su provincia o región

## Failed tries

declined-number = Compruebe el número de tarjeta. No se le ha cobrado nada. Inténtelo de nuevo o use otra tarjeta.
declined-cvc = Compruebe el código de seguridad. No se le ha cobrado nada. Inténtelo de nuevo o use otra tarjeta.
declined-expiry = Compruebe la fecha de caducidad. No se le ha cobrado nada. Inténtelo de nuevo o use otra tarjeta.
declined-expired = Esta tarjeta ha caducado. No se le ha cobrado nada. Use otra tarjeta.
declined-by-bank = Su banco no ha aprobado este pago. No se le ha cobrado nada. Use otra tarjeta o póngase en contacto con su banco.
declined-by-limit = Su banco ha rechazado este pago por el saldo disponible o por un límite. No se le ha cobrado nada. Use otra tarjeta o póngase en contacto con su banco.
declined-holder = Compruebe el nombre de la tarjeta. No se le ha cobrado nada. Inténtelo de nuevo o use otra tarjeta.
declined-saved = Esta tarjeta guardada ya no se puede usar. No se le ha cobrado nada. Use otra tarjeta.
declined-unconfirmed = No hemos podido confirmar este pago con su banco. No se le ha cobrado nada. Inténtelo de nuevo o use otra tarjeta.
declined-no-answer = El banco no responde. No se le ha cobrado nada. Inténtelo de nuevo dentro de unos minutos.
declined-undone = El banco no respondió a tiempo, así que hemos cancelado este intento. No se le ha cobrado nada. Inténtelo de nuevo dentro de unos minutos.
declined-by-shop = Esta tienda no puede aceptar esta tarjeta en este momento. No se le ha cobrado nada. Elija otra forma de pago u otra tarjeta.

## The form

error-title = Error: { $title }
test-band = Modo de prueba: no se mueve dinero
test-hint = Pruebe la tarjeta { $card } con cualquier fecha posterior y el código 123.
reference = Referencia
reference-is = Referencia: { $reference }
notes = Notas del vendedor
discount = Descuento
tax = Impuesto
subtotal = Subtotal
debt = Saldo anterior
credit = Abono
adjustment = Ajuste del vendedor
total = Total
details = Sus datos
card = Datos de la tarjeta
accepted = Se acepta:
hold-note = El importe se reserva ahora en su tarjeta. El vendedor lo cobrará más tarde.
verify-note = Su tarjeta se comprueba y se guarda. Ahora no se cobra nada.
remember = Guardar esta tarjeta en { $seller } para la próxima vez. Su código de seguridad nunca se guarda.
remember-unnamed = Guardar esta tarjeta con el vendedor para la próxima vez. Su código de seguridad nunca se guarda.
kept = Su tarjeta se guardará en { $seller } para pagos posteriores. Su código de seguridad nunca se guarda.
kept-unnamed = Su tarjeta se guardará con el vendedor para pagos posteriores. Su código de seguridad nunca se guarda.
busy = Procesando…
busy-live = Procesando su pago
return-to = Volver al vendedor ({ $host })
back-to = Volver a { $host }
footer = Página de pago de Tollgate
language = Idioma
show-order = Ver el pedido: { $total }
saved-cards = Pagar con
another-card = Usar otra tarjeta
expired-badge = Caducada
expires-on = Caduca en { $date }
with-card = con { $brand } { $last4 }
pay = Pagar { $amount }
hold = Reservar { $amount }
save-card = Guardar tarjeta
payable-until = Se puede pagar hasta el { $moment }
was-due = Este pago vencía el { $day }. Todavía puede pagarlo.

## Several ways to pay

methods = ¿Cómo quiere pagar?
method-card = Tarjeta
method-wallet = Monedero electrónico
method-pay-later = Pago a plazos
method-bank = Transferencia bancaria
partner-confirms = Le llevaremos a { $partner } para que confirme allí el pago.
choose-bank = Su banco
bank-missing = Elija su banco
bank-down = { $bank } (no disponible ahora)
bank-unavailable = Este banco no acepta pagos en este momento. Elija otro
more-methods = Más formas de pago
leave-partner = Elegir otra forma de pago
declined-elsewhere = El pago no se ha aprobado. No se le ha cobrado nada. Inténtelo de nuevo o elija otra forma de pago.
left-partner = No ha confirmado el pago. No se le ha cobrado nada. Inténtelo de nuevo o elija otra forma de pago.
partner-time-up = El pago no se confirmó a tiempo, así que hemos cancelado este intento. No se le ha cobrado nada. Inténtelo de nuevo o elija otra forma de pago.
nothing-offered = Esta tienda no puede aceptar este pago en este momento. No se le ha cobrado nada.
gift-cards = Tarjetas regalo
add-gift-card = Añadir una tarjeta regalo
gift-kind = Tipo de tarjeta regalo
gift-number = Número de la tarjeta regalo
gift-code = Código de la tarjeta regalo
use-gift-card = Usar esta tarjeta
remove = Quitar
left-to-pay = Falta por pagar
gift-covers = Sus tarjetas regalo cubren todo el importe.
gift-number-wrong = Introduzca el número de la tarjeta regalo: de 16 a 19 dígitos
gift-code-wrong = Introduzca el código de la tarjeta regalo
gift-refused = Revise el número y el código. No se ha encontrado esta tarjeta regalo
gift-empty = Esta tarjeta regalo no tiene saldo
gift-twice = Ya ha añadido esta tarjeta regalo
gift-kind-full = No se pueden usar más tarjetas regalo de este tipo en este pago
gift-full = No se pueden usar más tarjetas regalo en este pago
gift-overfull = Quite una tarjeta regalo: con tantas, el resto no se puede pagar de otra forma.
gift-no-answer = No se ha podido leer el saldo. Inténtelo de nuevo en un minuto
gift-changed = El saldo de una tarjeta regalo ha cambiado. No se le ha cobrado nada. Revise los importes y pague de nuevo.
order-paid = Este pedido ya está pagado. No se le ha cobrado nada.
at-partner = Confirme este pago en la página siguiente
at-partner-body = En un momento le llevaremos allí. Todavía no se le ha cobrado nada.
at-partner-waits = El pago le espera allí. Todavía no se le ha cobrado nada.
you-cancelled = Ha cancelado este pago.
pending = Este pago aún no está confirmado
pending-body = Puede tardar un poco. No pague otra vez: el vendedor recibirá el resultado.
declined-by-partner = El pago no se ha aprobado. No se le ha cobrado nada.
declined-gift-card = No se ha aceptado una tarjeta regalo. No se le ha cobrado nada.
given-back = Se devuelve lo que estaba reservado en sus tarjetas regalo.

## Results

successful = Pago realizado
reserved = Importe reservado, todavía no cobrado
reserved-body = El vendedor lo cobrará más tarde o lo liberará.
card-saved = Tarjeta guardada
card-saved-body = No se ha cobrado nada.
not-paid = Pago no completado
not-tried = Este pago aún no se ha realizado. No se le ha cobrado nada.
paid-elsewhere = Pago recibido
paid-elsewhere-body = El vendedor lo recibió fuera de esta página.
taken = Cobrado
refunded = Reembolsado
asked-by-bank = Su banco le pide que confirme este pago
asked-by-bank-body = No se le ha cobrado nada. El pago continuará cuando lo haya confirmado.
processing = Estamos procesando su pago
processing-body = Esto puede tardar un momento. No vuelva a pagar. Esta página se actualiza sola.
elsewhere = Este pago se está procesando en otra ventana
checking = Estamos comprobando este pago con su banco
do-not-pay-again = No vuelva a pagar.
will-email = Le enviaremos un correo electrónico.
come-back = Vuelva a abrir esta página más tarde para ver el resultado.
expired = Este enlace de pago ha caducado.
cancelled = El vendedor ha cancelado este pago.
closed = Este pago ya no se puede hacer aquí.
not-charged = No se le ha cobrado nada.
contact-seller = Pida un enlace nuevo al vendedor.
receipt = Ver recibo
try-again = Intentar de nuevo
amount = Importe
paid-with = Tarjeta
date = Fecha
redirecting = En un momento volverá a la página del vendedor.
paid-on = Pagado el { $day }
amount-on = { $amount } el { $day }
continue-to = Continuar a { $host }
card-ending = { $brand } terminada en { $last4 }

## Asked by the bank: our page before it, the test bank's own, and the way back

do-not-close = No cierre esta página.
challenge-body = Su banco quiere asegurarse de que es usted. Tiene 10 minutos. Todavía no se le ha cobrado nada.
continue-to-bank = Continuar a su banco
continue-soon = Su banco le espera medio minuto.
bank-frame = Verificación de su banco
open-in-full = ¿Problemas? Abrir la página del banco completa
still-there = ¿Sigue ahí?
still-there-body = Su banco espera dos minutos más. Todavía no se le ha cobrado nada.
still-here = Sigo aquí
stop-payment = ¿Detener este pago?
keep-going = Seguir con el pago
confirm-with-bank = Confirme este pago con su banco
verify-again = Esta página estaba desactualizada. No se le ha cobrado nada. Inténtelo de nuevo.
cancel-challenge = Cancelar este pago
acs-band = Banco de prueba: simulación
acs-issuer = Banco de prueba
acs-title = Confirme su pago
acs-merchant = Comercio
acs-code = Código de un solo uso
acs-code-hint = No se envía nada: en esta simulación el código es 1234.
acs-code-empty = Introduzca el código
acs-resent = Hemos enviado un código nuevo. En esta simulación vuelve a ser 1234.
acs-verify = Verificar
acs-cancel = Cancelar
acs-help = ¿Necesita ayuda?
acs-help-body = Un banco real envía el código a su teléfono. Esta página solo lo simula: no se envía ningún código y no se mueve dinero. «Cancelar» le lleva de vuelta al pago.
acs-tester = Elegir un resultado
acs-tester-body = Para pruebas: terminar esta autenticación de inmediato.
acs-result-y = Aprobar (Y)
acs-result-n = Fallar (N)
acs-result-u = No se pudo hacer (U)
acs-result-r = Rechazar (R)
acs-result-timeout = Dejar que caduque
acs-result-cancel = El pagador cancela
acs-done = Volver a su pago
acs-done-body = Su banco ha terminado. No cierre esta página.
acquirer-wallet = Monedero de prueba
acquirer-lender = Prestamista de prueba
acquirer-body = Esta página solo lo simula: elija cómo termina. No se mueve dinero.
acquirer-approve = Aprobar
acquirer-refuse = Rechazar
acquirer-later = Más tarde (aprobado tras medio minuto)
acquirer-done = Aquí no queda nada por decidir. No cierre esta página.
continue = Continuar
wrong-code =
    { $left ->
        [one] Este código es incorrecto. Queda { $left } intento
       *[other] Este código es incorrecto. Quedan { $left } intentos
    }
resend = Reenviar el código (quedan { $left })

## Nothing to show

unknown = Página no encontrada
unknown-body = Este enlace de pago no existe. Compruebe que lo ha copiado entero o pida uno nuevo al vendedor.
busy-page = Hay muchas solicitudes en este momento
busy-page-body = No se le ha cobrado nada. Inténtelo de nuevo dentro de un minuto.
broken = Algo ha fallado por nuestra parte
broken-body = No se le ha cobrado nada. Inténtelo de nuevo dentro de unos minutos.
broken-unsure = Todavía no sabemos si se le ha cobrado. No vuelva a pagar. Abra el enlace de pago más tarde: mostrará el resultado.

## Invoice and receipt

refunded-on = Reembolsado el { $day }
invoice = Factura
receipt-title = Recibo
test-mark = PRUEBA
from = De
to = Para
number = Identificador del pago
issued = Emitida
due = Vencimiento
paid-at = Pagado
item = Artículo
quantity = Cantidad
unit-price = Precio unitario
registration = N.º de registro { $number }
tax-registration = N.º fiscal { $number }
stamp-paid = Pagado
stamp-refunded = Reembolsado
stamp-partly-refunded = Reembolsado en parte
stamp-closed = Cerrado
after-refunds = Pagado tras los reembolsos
stamp-reserved = Reservado, todavía no cobrado
stamp-saved = Tarjeta guardada
stamp-processing = En proceso: no vuelva a pagar
stamp-cancelled = Cancelado: no se ha cobrado nada
stamp-expired = Caducado: no se ha cobrado nada
stamp-overdue = Vencido
stamp-open = Por pagar
pdf = Descargar PDF
invoice-number = N.º de factura
stated = { $label } (según el vendedor)
tax-at = Impuesto { $rate }
refund-title = Recibo de reembolso
refund-receipt = Recibo de reembolso, { $day }
refunded-at = Reembolsado el
refund-number = Identificador del reembolso
acquirer-reference = Referencia bancaria
method = Método de pago

## Mail

mail-invoice = Factura de { $seller }: { $amount }
mail-receipt = Recibo de { $seller }: { $amount }
mail-refund = Reembolso de { $seller }: { $amount }
mail-asks = { $seller } le pide que pague { $amount }
mail-paid = Ha pagado { $amount } a { $seller }
mail-refunded = { $seller } le ha devuelto { $amount }
mail-refund-days = Su banco puede tardar unos días en mostrarlo.
mail-sent-for = Enviado por Tollgate en nombre de { $seller }.

## Days and times

day =
    { $day } de { $month ->
        [1] enero
        [2] febrero
        [3] marzo
        [4] abril
        [5] mayo
        [6] junio
        [7] julio
        [8] agosto
        [9] septiembre
        [10] octubre
        [11] noviembre
       *[12] diciembre
    } de { $year }
moment = { $day }, { $time } ({ $zone })
zone-of = hora de { $city }
